"""The reports on a migration: for people, for an issue or a pull request, for machines.

Needs the ledger. It will never decide what a site asks for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tsl.migrate.ledger import EFFORTS, KINDS, Ledger, Proof, Site
from tsl.report.cells import visible
from tsl.report.paint import Line, Segment, paint

VERSION = 1
_STYLES = {"none": "quiet", "small": "help", "medium": "warning", "large": "error"}


def migration_text(ledger: Ledger, *, color: bool) -> str:
    """Every site that asks for something with what to write, file by file; the rest is counted."""
    lines: list[Line] = []
    for path, sites in _by_file(ledger):
        lines.append([Segment(visible(path), "strong")])
        for site in sites:
            lines += _site_lines(site, ledger)
        lines.append([])
    lines += [_proof_line(proof) for proof in ledger.proofs]
    lines += [[]] if ledger.proofs else []
    lines += [[Segment(line)] for line in _summary(ledger)]
    return paint(lines, color=color)


def _by_file(ledger: Ledger) -> Iterator[tuple[str, list[Site]]]:
    """The sites that ask for something, by file."""
    files: dict[str, list[Site]] = {}
    for site in ledger.sites:
        if site.effort != "none":
            files.setdefault(site.path, []).append(site)
    yield from files.items()


def _site_lines(site: Site, ledger: Ledger) -> Iterator[Line]:
    place = f"  {site.line}:{site.column}"
    yield [
        Segment(place.ljust(10), "gutter"),
        Segment(visible(site.text), ""),
    ]
    standing = site.status + (", not on Python 3.14" if site.no_python_314 else "")
    yield [Segment(f"{'':10}{site.kind}, {standing}, "), Segment(f"{site.effort} effort", _STYLES[site.effort])]
    for line in site.replacement.split("\n") if site.replacement else ():
        yield [Segment(f"{'':10}+ {visible(line)}", "help")]
    if site.why:
        yield [Segment(f"{'':10}{visible(site.why)}", "quiet")]
    for proof in ledger.proofs_of(site):
        yield [Segment(f"{'':10}{visible(_verdict(proof))}", "help" if proof.passed else "error")]


def _verdict(proof: Proof) -> str:
    return f"proved by {proof.entry}" if proof.passed else f"not proved by {proof.entry}: {_reason(proof)}"


def _reason(proof: Proof) -> str:
    return f"{proof.message} ({proof.path}:{proof.line})" if proof.path else proof.message


def _proof_line(proof: Proof) -> Line:
    given = f"with {proof.inputs}" + (f", {proof.dynamic} dynamic" if proof.dynamic else "")
    if not proof.passed:
        return [Segment("refused ", "error"), Segment(visible(f"{proof.entry} {given}: {_reason(proof)}"))]
    told = f"; outputs differ by at most {proof.difference:.1g}" if proof.difference is not None else ""
    return [Segment("exports ", "help"), Segment(visible(f"{proof.entry} {given}: saved, read again and run{told}"))]


def _summary(ledger: Ledger) -> Iterator[str]:
    asking = [site for site in ledger.sites if site.effort != "none"]
    kinds = Counter(site.kind for site in asking)
    efforts = Counter(site.effort for site in asking)
    rest = Counter(site.kind for site in ledger.sites if site.effort == "none")
    yield f"{_counted(len(asking), 'site')} to change in {_counted(ledger.files, 'file')}"
    yield from (f"  {kinds[kind]:>5}  {kind:<10} {KINDS[kind]}" for kind in KINDS if kinds[kind])
    yield from (f"  {efforts[effort]:>5}  {effort:<10} {EFFORTS[effort]}" for effort in EFFORTS if efforts[effort])
    if rest:
        others = ", ".join(f"{_counted(rest[kind], kind)}" for kind in KINDS if rest[kind])
        yield f"nothing to do at {others}; --format markdown lists them"


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def migration_markdown(ledger: Ledger) -> str:
    """A ledger to keep: a table of what there is, a list to tick off by file, and every site that asks for nothing."""
    lines = ["# The way off TorchScript", "", *_table(ledger)]
    if ledger.proofs:
        lines += ["", "## Proofs", ""]
        lines += [f"- {_plain(_proof_line(proof))}" for proof in ledger.proofs]
    for path, sites in _by_file(ledger):
        lines += ["", f"## {path}", ""]
        for site in sites:
            lines += _item(site, ledger)
    rest = [site for site in ledger.sites if site.effort == "none"]
    if rest:
        lines += ["", "## Nothing to do", ""]
        lines += [f"- `{site.path}:{site.line}` {site.name or site.kind}: {_code(site.text)}" for site in rest]
    return "\n".join([*lines, ""])


def _table(ledger: Ledger) -> Iterator[str]:
    counts = Counter((site.kind, site.effort) for site in ledger.sites)
    yield f"| what | {' | '.join(EFFORTS)} |"
    yield f"|---|{'---:|' * len(EFFORTS)}"
    for kind, title in KINDS.items():
        row = [counts[kind, effort] for effort in EFFORTS]
        if any(row):
            yield f"| {kind}: {title} | {' | '.join(str(count or '') for count in row)} |"
    yield ""
    yield from (f"- **{effort}**: {title}" for effort, title in EFFORTS.items())


def _item(site: Site, ledger: Ledger) -> Iterator[str]:
    standing = site.status + (", not on Python 3.14" if site.no_python_314 else "")
    yield f"- [ ] line {site.line}, {site.kind} ({standing}; {site.effort}): {_code(site.text)}"
    if site.why:
        yield f"  {site.why}"
    for proof in ledger.proofs_of(site):
        yield f"  {_verdict(proof)}"
    if site.replacement:
        yield from ["", "  ```python", *(f"  {line}".rstrip() for line in site.replacement.split("\n")), "  ```", ""]


def _code(text: str) -> str:
    """A text as code of Markdown, whatever ticks are in it."""
    fence = "``" if "`" in text else "`"
    return f"{fence}{' ' if '`' in text else ''}{text}{' ' if '`' in text else ''}{fence}"


def _plain(line: Sequence[Segment]) -> str:
    return "".join(segment.text for segment in line)


def migration_json(ledger: Ledger) -> str:
    """The ledger as one JSON object, ended by a newline."""
    import json

    from tsl import __version__

    sites = [
        {**dict(zip(site._fields, site, strict=True)), "proofs": [proof.entry for proof in ledger.proofs_of(site)]}
        for site in ledger.sites
    ]
    form = {
        "version": VERSION,
        "tool": {"name": "tsl", "version": __version__},
        "sites": sites,
        "proofs": [dict(zip(proof._fields, proof, strict=True)) for proof in ledger.proofs],
        "summary": {
            "files": ledger.files,
            "sites": len(ledger.sites),
            "efforts": dict(sorted(Counter(site.effort for site in ledger.sites).items())),
            "kinds": dict(sorted(Counter(site.kind for site in ledger.sites).items())),
        },
    }
    return json.dumps(form, indent=2) + "\n"
