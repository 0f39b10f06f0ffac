"""Comment that suppresses nothing

## What happens
`# tsl: ignore[...]` accepts a finding on its line. When there is none, because the code has changed, or the rule was
never meant, or its name is misspelt, the comment says something that is not so, and would hide the next finding that
comes to its line. tsl reports a comment that took nothing away, and each name in its brackets that did not.

Comments for rules that do not run, by --select or the configuration, are left alone. So are codes in `# noqa` that
belong to other tools, and a `# noqa` without codes.

## Example
```text
def forward(self, x):
    y = x * 2  # tsl: ignore[tensor-branch] both arms agree
    return y
```
```text
net.py:2:16: warning TSL901 [unused-suppression] suppresses nothing: tensor-branch has no finding on this line
```

## Use instead
Delete the comment, or the name that does nothing. The forms that count:
```text
if x.sum() > 0:        # tsl: ignore[tensor-branch] a reason for those who come after
if x.sum() > 0:        # tsl: ignore[tensor-branch, size-branch] several, by name or code
if x.sum() > 0:        # tsl: ignore every rule
if x.sum() > 0:        # noqa: TSL101
# tsl: ignore-file[TSL11] in a line of its own: the whole file
```
A comment speaks of findings that begin or end on its line.
"""

from collections.abc import Iterator

from tsl.rule import Finding, driver_rule


@driver_rule(
    "TSL901",
    severity="warning",
    since="0.1",
    help="delete the comment, or the name in it that does nothing",
    fix="drop-suppression",
)
def unused_suppression(_subject: object) -> Iterator[Finding]:
    yield from ()
