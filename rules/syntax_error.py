"""File that is no Python source

## What happens
tsl parses each file with the parser of the Python it runs on. A file that does not parse, or whose bytes are not UTF-8
and that declares no other encoding, has one finding, with the place and the parser's words, and no other: nothing in it
was judged. The other files are checked all the same.

This is a finding and not a failure of tsl: the run exits 1, as for any error.

## Example
```text
def forward(self, x)
    return x
```
```text
net.py:1:21: error TSL900 [syntax-error] nothing in this file is checked: expected ':'
```

## Use instead
Correct the file. Where it is not meant for this Python, such as a template, or a test of a parser, leave it out:
```text
[tool.tsl]
exclude = ["templates"]
```
Syntax that is newer than the Python tsl runs on is reported too: install tsl for the Python your code is for.
A file that declares its encoding in the first two lines, `# -*- coding: latin-1 -*-`, is read in that encoding.
"""

from collections.abc import Iterator

from tsl.rule import Finding, driver_rule


@driver_rule("TSL900", severity="error", since="0.1", help="correct the file, or exclude it in [tool.tsl]")
def syntax_error(_subject: object) -> Iterator[Finding]:
    yield from ()
