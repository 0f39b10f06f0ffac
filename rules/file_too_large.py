"""File too large to be model code

## What happens
A Python file of more than 2 MiB is generated: a table, a parser, a bundle. tsl does not read it, for it would cost more
time than all other files together, and says so once, at its first line. Nothing in the file was judged.

## Example
```text
tables.py:1:1: warning TSL902 [file-too-large] nothing in this file is checked: it has more than 2 MiB
```

## Use instead
Leave the file out, so that the next reader knows that it is left out on purpose:
```text
[tool.tsl]
exclude = ["tables.py"]
```
If a model is in it, split the file: keep the model in one module and the generated data in another, or better in a data
file that the model loads.
"""

from collections.abc import Iterator

from tsl.rule import Finding, driver_rule


@driver_rule("TSL902", severity="warning", since="0.1", help="split the file, or exclude it in [tool.tsl]")
def file_too_large(_subject: object) -> Iterator[Finding]:
    yield from ()
