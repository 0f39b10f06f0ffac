"""Running a model against its trace, or compiling it: where do they part, and which findings does that confirm?

    launch -> child: entry -> inputs -> search (perturb, runs, compare) -> locate (watch, graphs, places)
           -> verdict -> confirm
    compiled -> compile_child: entry -> torch.jit.script -> compilation -> weigh

`verify` and `verify_script` are the whole interface. The user's code runs in a child process with a time limit and
nowhere else; what needs torch is loaded there. This door, `launch`, `spec`, `verdict`, `confirm`, `compiled` and
`weigh` need none. Nothing here prints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tsl.check import Books, Settings
    from tsl.verify.compiled import Compilation
    from tsl.verify.compiled import Request as ScriptRequest
    from tsl.verify.launch import Request
    from tsl.verify.verdict import Confirmation, Verdict
    from tsl.verify.weigh import Weighed


def verify(request: Request, settings: Settings, books: Books) -> tuple[Verdict, Confirmation]:
    """The verdict of a search, and the findings of `tsl check` on the same file with what it confirms of them.

    What could not be done is the verdict's failure. Raises SettingError for a file that cannot be read, or a setting
    that cannot be followed.
    """
    from tsl.check import check
    from tsl.verify.confirm import confirm
    from tsl.verify.launch import search

    _readable(request.path)
    verdict = search(request)
    return verdict, confirm(verdict, check([request.path], settings, books=books))


def verify_script(request: ScriptRequest, settings: Settings, books: Books) -> tuple[Compilation, Weighed]:
    """What torch.jit.script says of a model, and of the errors that `tsl check` holds against its scripting.

    The file is checked as `tsl check --capture script` does it, from the model's class where the file defines it.
    Raises as `verify` does.
    """
    from tsl.check import check
    from tsl.project import shown
    from tsl.verify.compiled import compiled
    from tsl.verify.weigh import weigh

    _readable(request.path)
    told = compiled(request)
    own = told.home == shown(request.path) and "<" not in told.model
    config = settings.config._replace(capture="script")
    asked = settings._replace(config=config, roots=(told.model,) if own else ())
    return told, weigh(told, check([request.path], asked, books=books))


def _readable(path: str) -> None:
    from tsl.config import SettingError
    from tsl.project import reason, shown

    try:
        with open(path, "rb"):
            pass
    except OSError as error:
        raise SettingError(shown(path), f"cannot be read: {reason(error)}") from None
