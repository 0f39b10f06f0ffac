"""tsl on itself: its own configuration, its own code, no finding."""

from __future__ import annotations

import json
import sys

from tests.checkout import ROOT, plain_environment, run

ENVIRONMENT = plain_environment(PYTHONPATH=str(ROOT))


def test_tsl_on_its_own_checkout_is_clean() -> None:
    done = run(sys.executable, "-m", "tsl", "check", "--no-cache", "--format", "json", cwd=ROOT, env=ENVIRONMENT)
    report = json.loads(done.stdout or "{}")
    assert report["diagnostics"] == []
    assert (done.returncode, done.stderr) == (0, "")
    assert report["summary"]["files"] > 40


def test_its_own_rules_and_modules_are_among_the_files_it_checks() -> None:
    """A finding planted in a copy of one of tsl's modules is found, so that the clean run above means something."""
    planted = (ROOT / "tsl" / "diagnostic.py").read_text(encoding="utf-8") + (
        "\n\nimport torch\n\n\ndef relu(x: torch.Tensor) -> torch.Tensor:\n    return x if x.sum() > 0 else -x\n"
    )
    command = (sys.executable, "-m", "tsl", "check", "--no-cache", "--format", "json", "-")
    done = run(*command, cwd=ROOT, env=ENVIRONMENT, stdin=planted)
    assert [found["code"] for found in json.loads(done.stdout)["diagnostics"]] == ["TSL104"]
    assert done.returncode == 1
