"""A few hundred broken archives harm nothing, and the watch over them would see harm if there were any."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.checkout import ROOT, plain_environment, run
from tests.hostile.mutants import SEEDS, Soup, mutant
from tsl.archive.archive import open_archive

pytest.importorskip("resource", reason="the watch counts as Unix counts")


def test_broken_archives_do_no_harm(tmp_path: Path) -> None:
    done = run(sys.executable, ROOT / "scripts" / "fuzz.py", "--keep", tmp_path, "250", cwd=tmp_path)
    assert not done.returncode, done.stdout + done.stderr


SABOTAGED = """
import sys
from pathlib import Path
sys.path[:0] = [{root!r}, {root!r} + "/scripts"]
import fuzz
def exercise(path):
    {statement}
fuzz.exercise, fuzz.warm, fuzz.SECONDS = exercise, lambda *_: None, 1
fuzz.SILENCE = 5.0
sys.argv = ["fuzz.py", "--keep", {keep!r}, "2"]
sys.exit(fuzz.main())
"""


@pytest.mark.parametrize(
    ("statement", "verdict"),
    [
        ("raise KeyError('x')", "crash: KeyError"),
        ("import ctypes; ctypes.string_at(0)", "crash: the interpreter died"),
        ("while True: pass", "hang: over 1 s"),
        ("import time, signal; signal.signal(signal.SIGPROF, signal.SIG_IGN); time.sleep(600)", "hang: no answer"),
        ("bytearray(b'x') * (600 << 20)", "memory: "),
        ("import os; os.system('true')", "canary: "),
        ("exec('1')", "canary: exec"),
        ("import pickle; pickle.loads(b'cos\\nsystem\\n.')", "canary: "),
        ("open('/dev/null', 'w').close()", "canary: open"),
        ("path.with_name('canary').mkdir()", "canary: "),
        ("from tests.hostile import canary; canary.touched = True", "canary: touched"),
    ],
)
def test_the_watch_tells_of_harm(tmp_path: Path, statement: str, verdict: str) -> None:
    program = SABOTAGED.format(root=str(ROOT), statement=statement, keep=str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=plain_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert verdict in done.stdout
    assert sorted(path.name for path in tmp_path.glob("*.pt")) == ["0.pt", "1.pt"]


def test_a_mutant_is_the_same_each_time() -> None:
    one, other = Soup("canary"), Soup("canary")
    assert [mutant(seed, one) for seed in range(60)] == [mutant(seed, other) for seed in range(60)]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_files_that_mutants_come_from_are_sound(seed: str) -> None:
    opened = open_archive("net.pt", SEEDS[seed]())
    assert (opened.tricks, opened.problems) == ((), ())
    assert opened.kind.name not in ("unknown", "zip", "truncated")
