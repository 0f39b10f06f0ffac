"""Running a model against its trace: where do they part, and which findings does that confirm?

    launch -> child: entry -> inputs -> search (perturb, runs, compare) -> locate (watch, graphs, places)
           -> verdict -> confirm

`verify` is the whole interface. The user's code runs in a child process with a time limit and nowhere else; what needs
torch is loaded there. This door, `launch`, `spec`, `verdict` and `confirm` need none. Nothing here prints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tsl.check import Books, Settings
    from tsl.verify.launch import Request
    from tsl.verify.verdict import Confirmation, Verdict


def verify(request: Request, settings: Settings, books: Books) -> tuple[Verdict, Confirmation]:
    """The verdict of a search, and the findings of `tsl check` on the same file with what it confirms of them.

    What could not be done is the verdict's failure. Raises SettingError for a file that cannot be read, or a setting
    that cannot be followed.
    """
    from tsl.check import check
    from tsl.config import SettingError
    from tsl.project import reason, shown
    from tsl.verify.confirm import confirm
    from tsl.verify.launch import search

    try:
        with open(request.path, "rb"):
            pass
    except OSError as error:
        raise SettingError(shown(request.path), f"cannot be read: {reason(error)}") from None
    verdict = search(request)
    return verdict, confirm(verdict, check([request.path], settings, books=books))
