"""A rule's page: the markdown in the docstring of its file, and the fences in it that are its tests.

Needs the text of a rule's file and nothing else; the file is parsed, not run, so a page is there under `python -OO`
too. It will never contain markdown rendering (see `tsl.report.pages`) or the running of a fence (see the tests).

The form of a page:
1. The first line is the title, a fragment of a sentence without a final stop.
2. Sections start with `## `; inside a fence nothing starts a section.
3. A fence runs from ```` ```language ```` to the next line that is ```` ``` ````; fences do not nest.
4. A marker is the last comment on a line of a fence, made of rule codes only: `# TSL101` or `# TSL101, TSL111`. It
   says that these findings start on this line; a line without a marker must stay silent.
5. What a fence is, its opening says: `python` is a file that is read, `ir` the text of a graph, and `python archive` a
   program that writes archives into the working directory: a marker on a line that names one speaks of that file. The
   word `cuda` after either of the latter says that it is judged under `--deploy cuda`. `python fusion` is a file whose
   `entry` is looked at by `tsl fusion`, with the arguments of a line `# options:`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Protocol

from tsl.record import Record

REQUIRED_SECTIONS = ("What happens", "Example", "Use instead")
OPTIONAL_SECTIONS = ("Silent cases", "Known limits")
SILENT_SECTIONS = ("Use instead", "Silent cases")
TESTED_LANGUAGES = ("python", "ir", "python archive", "ir cuda", "python archive cuda", "python fusion")
TESTED_ENGINES = ("source", "ir", "archive", "run")  # the others read what no page can hold: two megabytes of text
CODE = r"[A-Z]{2,6}[0-9]{3}"  # the form of `tsl.rule.CODE`; a test holds the two together
_MARKER = re.compile(rf"#\s*({CODE}(?:\s*,\s*{CODE})*)\s*$")
_FENCE = "```"


class PageError(Exception):
    """A rule's file has no page, or a page that cannot be read; the message is one line that names the file."""


class Fence(Record):
    """A fenced block of a page. `line` is the line of its opening in the docstring, counted from 1.

    `language` is all that its opening says; `section` is the title of the section around it, empty before the first
    one.
    """

    language: str
    code: str
    line: int
    section: str

    def expected(self) -> dict[int, set[str]]:
        """The codes its markers promise, by the line of `code` they stand on, counted from 1."""
        markers = ((number, _MARKER.search(line)) for number, line in enumerate(self.code.splitlines(), 1))
        return {number: set(re.findall(CODE, marker[1])) for number, marker in markers if marker}


class Section(Record):
    """A `## ` section: its title, the markdown under it, and the line of its heading in the docstring."""

    title: str
    text: str
    line: int


class Page(Record):
    """A page that was read. `body` is the markdown after the title."""

    title: str
    body: str
    sections: tuple[Section, ...]
    fences: tuple[Fence, ...]

    @classmethod
    def parse(cls, text: str, where: str = "page") -> Page:
        """The page a docstring holds; `where` names its file in errors.

        Raises PageError where the title is missing or a fence is not closed.
        """
        lines = text.splitlines()
        title = lines[0].strip() if lines else ""
        if not title or title.startswith(("#", _FENCE)):
            raise PageError(f"{where}: the page has no title; its first line names what the rule finds")
        return cls(title, "\n".join(lines[1:]).strip(), *_parts(lines, where))

    def section(self, title: str) -> Section | None:
        """The first section of this title, if there is one."""
        return next((section for section in self.sections if section.title == title), None)

    def marked(self, section: str) -> set[str]:
        """All codes that markers in a section promise."""
        promised = (fence.expected().values() for fence in self.fences if fence.section == section)
        return {code for lines in promised for codes in lines for code in codes}


class Paged(Protocol):
    """What a page needs to know of a rule: `tsl.rule.Rule` is one."""

    @property
    def code(self) -> str: ...
    @property
    def engine(self) -> str: ...
    @property
    def path(self) -> str: ...


def page_of(rule: Paged) -> Page:
    """The page of a rule, read from its file.

    Raises PageError where the file cannot be read, has no docstring, or its page is out of form; a rule of an engine
    that judges text must also mark at least one finding, for a page is its rule's test.
    """
    import ast

    try:
        with open(rule.path, "rb") as file:
            text = ast.get_docstring(ast.parse(file.read()))
    except (OSError, SyntaxError, ValueError) as error:
        raise PageError(f"{rule.path}: the page of {rule.code} cannot be read: {_reason(error)}") from None
    if not text:
        raise PageError(f"{rule.path}: {rule.code} has no page; start the file with a docstring")
    page = Page.parse(text, rule.path)
    if rule.engine in TESTED_ENGINES and not any(fence.expected() for fence in page.fences):
        raise PageError(f"{rule.path}: no fence marks a finding; end a line of the example with # {rule.code}")
    return page


def problems(page: Page, rule: Paged) -> list[str]:
    """What about a page breaks the conventions of tsl's own pages, one line each; empty where all is well."""
    return [f"{rule.path}: {found}" for found in _problems(page, rule)]


def _problems(page: Page, rule: Paged) -> Iterator[str]:
    if page.title.endswith((".", "!", "?", ":")):
        yield "the title ends with a stop; it is a fragment of a sentence"
    titles = [section.title for section in page.sections]
    if [title for title in titles if title in REQUIRED_SECTIONS] != list(REQUIRED_SECTIONS):
        yield f"the sections {', '.join(REQUIRED_SECTIONS)} must each stand there once, in this order"
    for title in titles:
        if title not in REQUIRED_SECTIONS + OPTIONAL_SECTIONS:
            yield f"no page has a section {title!r}; use {', '.join(REQUIRED_SECTIONS + OPTIONAL_SECTIONS)}"
    if rule.engine in TESTED_ENGINES and rule.code not in page.marked("Example"):
        yield f"the section Example marks no line with # {rule.code}"
    for title in SILENT_SECTIONS:
        if page.marked(title):
            yield f"the section {title} marks a finding; what stands there must stay silent"
    for fence in page.fences:
        if fence.expected() and fence.language not in TESTED_LANGUAGES:
            yield f"the fence on line {fence.line} has markers but is not {', '.join(TESTED_LANGUAGES)}"


def _parts(lines: Sequence[str], where: str) -> tuple[tuple[Section, ...], tuple[Fence, ...]]:
    """The sections and fences of a page, in one pass: a heading inside a fence is code."""
    headings: list[tuple[str, int]] = []
    fences: list[Fence] = []
    opened: int | None = None
    for number, line in enumerate(lines, 1):
        if opened is not None:
            if line.strip() == _FENCE:
                fences.append(_fence(lines, opened, number, headings))
                opened = None
        elif line.lstrip().startswith(_FENCE):
            opened = number
        elif line.startswith("## "):
            headings.append((line[3:].strip(), number))
    if opened is not None:
        raise PageError(f"{where}: the fence on line {opened} of the docstring is not closed; end it with {_FENCE}")
    return _sections(lines, headings), tuple(fences)


def _fence(lines: Sequence[str], first: int, last: int, headings: Sequence[tuple[str, int]]) -> Fence:
    opening = lines[first - 1]
    indent = len(opening) - len(opening.lstrip())
    language = " ".join(opening.strip().lstrip("`").split())
    code = "".join(line[min(indent, len(line) - len(line.lstrip())) :] + "\n" for line in lines[first : last - 1])
    return Fence(language, code, first, headings[-1][0] if headings else "")


def _sections(lines: Sequence[str], headings: Sequence[tuple[str, int]]) -> tuple[Section, ...]:
    ends = [number - 1 for _, number in headings[1:]] + [len(lines)]
    pairs = zip(headings, ends, strict=True) if headings else ()
    return tuple(Section(title, "\n".join(lines[line:end]).strip(), line) for (title, line), end in pairs)


def _reason(error: Exception) -> str:
    """The one-line reason of a failure to read a file."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return error.msg if isinstance(error, SyntaxError) else str(error)
