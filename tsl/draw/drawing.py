"""From an archive to a picture in a form: which method is drawn, how much of it, with what is known of it.

    archive -> graph -> what is known -> sketch -> focus -> fit -> thin -> a form

Needs the archive road to graphs, and a plan for the rules, the deployment and the inputs. It will never write a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tsl.archive.archive import Archive, open_archive
from tsl.archive.code import Class
from tsl.check.judge import RuleCallError
from tsl.check.plan import Plan
from tsl.draw.fit import LIMIT, fitted
from tsl.draw.focus import around_findings, focused
from tsl.draw.instances import MOST_NODES, Instances, expanded
from tsl.draw.sketch import sketch
from tsl.draw.thin import thinned
from tsl.ir.graph import Graph
from tsl.ir.inline import InlineError, inline
from tsl.ir.lower import LowerError, lower
from tsl.record import Record

if TYPE_CHECKING:
    from tsl.draw.hulls import Meant
    from tsl.draw.picture import Picture

DEFAULT = "forward"


class DrawError(Exception):
    """A file or a method that cannot be drawn; says what it is about and why."""

    def __init__(self, subject: str, message: str) -> None:
        super().__init__(f"{subject}: {message}")
        self.subject, self.message = subject, message


class Wish(Record):
    """What to draw: the method by name (None for forward, or the only one), how many levels of modules to open, the
    name of what to show of it (None for all), how far around that, whether to draw findings and nothing but what is
    around them, and how many boxes there may be (0 for as many as there are). `fusion` are groups of nodes to draw
    hulls around.
    """

    method: str | None = None
    depth: int | None = None
    focus: str | None = None
    radius: int = 1
    findings: bool = True
    only_findings: bool = False
    limit: int = LIMIT
    fusion: Sequence[Sequence[Meant]] = ()


def picture_of(path: str, wish: Wish, plan: Plan) -> Picture:
    """The picture of an archive's method.

    Raises DrawError where there is no such method, it cannot be lowered, or there is nothing to focus on; OSError where
    the file cannot be read.
    """
    from tsl.draw.known import told_of
    from tsl.ir.foretold import InputError

    with open_archive(path) as archive:
        try:
            graph = graph_of(path, archive, wish.method)
            told, loose = told_of(graph, archive, plan, findings=wish.findings)
            picture = sketch(graph, told, wish.depth)  # reads where nodes come from, so the archive must be open
        except (InlineError, LowerError, RuleCallError) as error:
            raise DrawError(path, f"cannot be drawn: {error}") from None
        except InputError as error:
            raise DrawError("--input", str(error)) from None
        except RecursionError:
            raise DrawError(path, "cannot be drawn: its code nests too deeply") from None
    picture = picture._replace(notes=(*picture.notes, *loose))
    if wish.fusion:
        from tsl.draw.hulls import with_hulls

        picture = with_hulls(picture, wish.fusion)
    return shown_of(picture, wish)


def shown_of(picture: Picture, wish: Wish) -> Picture:
    """What a wish leaves of a picture. Raises DrawError where there is nothing to focus on."""
    if wish.focus is not None:
        part = focused(picture, wish.focus, wish.radius)
        if part is None:
            raise DrawError(
                "--focus", f"nothing is called {wish.focus!r}; name an operator, a module, a value or a rule"
            )
        picture = part
    if wish.only_findings:
        picture = around_findings(picture, wish.radius)
    return thinned(fitted(picture, wish.limit) if wish.limit else picture)


def graph_of(path: str, archive: Archive, wanted: str | None) -> Graph:
    """The graph of a method with all that it calls in it."""
    if not archive.kind.has_code:
        raise DrawError(path, f"has no TorchScript graph: {archive.kind.title}")
    program = lower(archive)
    method = f"{archive.module.type}.{_method(path, archive, wanted)}"
    nodes = expanded(program.functions, method)
    if nodes > MOST_NODES:
        raise DrawError(path, f"cannot be drawn: it runs {nodes:,} nodes, and {MOST_NODES:,} are the limit")
    return inline(Instances(program, method), method)


def _method(path: str, archive: Archive, wanted: str | None) -> str:
    """The name of the method to draw."""
    owner = archive.code.find(archive.module.type)
    methods = [name for name in owner.methods if not name.startswith("__")] if isinstance(owner, Class) else []
    if not methods:
        raise DrawError(path, "has no method that could be drawn")
    if wanted is None:
        return _default(path, methods)
    if wanted not in methods:
        raise DrawError("--method", f"there is no {wanted!r}{_choices(methods)}")
    return wanted


def _default(path: str, methods: Sequence[str]) -> str:
    if DEFAULT in methods:
        return DEFAULT
    if len(methods) == 1:
        return methods[0]
    raise DrawError(path, f"has no forward; name a method with --method{_choices(methods)}")


def _choices(methods: Sequence[str]) -> str:
    return f"; there are {', '.join(methods)}" if len(methods) > 1 else f"; there is {methods[0]}"
