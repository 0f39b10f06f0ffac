"""What becomes of a model in TorchScript's fuser: which operators run as one kernel, and why the others do not.

    launch -> child: capture -> subject -> predict, or warm -> log, plan, sites -> explain
           -> judge -> gate

    launch      the child from outside
    child       what the child does in which order
    capture     the captured model and its inputs
    subject     copies of it, and how they are called
    switches    what makes torch fuse, and say what it does
    log         what it says
    warm        calls until the plan stands, and with other sizes
    plan        the operators of an optimized graph
    sites       the user's lines they come from
    reasons     why an operator is not
    explain     all of that put together
    predict     the plan foretold
    kernels     evidence that fused code ran, and computes the same
    variants    the same model frozen
    judge       where its findings stand
    gate        whether that is as much as before
    cuda        on a GPU: waits and errors, held against what was foretold

What a look comes to is `tsl.ir.fused`, what a rule is asked with `tsl.ir.fused_facts`, what can be fused
`tsl.ir.fusible`: rules know them.

`fusion` is the whole interface. The user's code runs in a child process with a time limit and nowhere else; what needs
torch is loaded there. Nothing here prints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tsl.check import Books, Settings
    from tsl.fusion.launch import Request
    from tsl.ir.fused import Report
    from tsl.outcome import Outcome


def fusion(request: Request, settings: Settings, books: Books) -> tuple[Report, Outcome]:
    """The report of a look, and the findings on it.

    What could not be done is the report's failure. Raises SettingError for a file that cannot be read, or a setting
    that cannot be followed.
    """
    from tsl.config import SettingError
    from tsl.fusion.judge import judged
    from tsl.fusion.launch import look
    from tsl.project import reason, shown

    try:
        with open(request.path, "rb"):
            pass
    except OSError as error:
        raise SettingError(shown(request.path), f"cannot be read: {reason(error)}") from None
    report = look(request)
    return report, judged(report, settings, books)
