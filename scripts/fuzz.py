#!/usr/bin/env python3
"""Feeds tsl broken and hostile archives, and says whether any of them got the better of it.

usage: fuzz.py [--seed SEED] [--keep DIRECTORY] [--only SEED] N

Makes N files from a few sound ones (truncation, bit flips, header swaps, nested archives, opcode soup, ...) and does to
each everything that tsl does to an archive: opens, reads, inspects, lowers and inlines it. Each runs in this script's
child under a watch of its processor time and memory. Prints counts, and each file that was too much, which is kept.
Exits 1 on a crash, a hang over 5 s, more than 500 MB, or a touched canary. Needs neither torch nor a network.

The canary: hostile files ask for a file to be made and a module to be changed; beside that, an audit hook of Python's
tells of any module imported, program started, code executed or file written while a file is read.
"""

from __future__ import annotations

import argparse
import os
import resource
import select
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.hostile import canary
from tests.hostile.exercise import exercise
from tests.hostile.mutants import SEEDS, Soup, mutant

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 5
MEMORY = 500 << 20
ROOM = 2 << 30  # of addresses, beyond what the child begins with: to stop before the machine does
DONE = "done"  # what the child says last
SILENCE = 60.0  # of a child that does not even answer its alarm

# Of https://docs.python.org/3/library/audit_events.html.
FORBIDDEN = frozenset(
    "exec import code.__new__ pickle.find_class marshal.loads ctypes.dlopen socket.connect builtins.input"
    " os.system os.exec os.fork os.posix_spawn os.remove os.rename os.mkdir shutil.rmtree subprocess.Popen".split()
)


class Hang(BaseException):
    """The time is up; no `except Exception` may take it."""


class Watch:
    """What Python tells of while a file is read; `seen` is what it should not."""

    def __init__(self, scratch: Path) -> None:
        self.on, self.scratch = False, str(scratch)
        self.seen: list[str] = []

    def __call__(self, event: str, given: tuple[Any, ...]) -> None:
        if not self.on:
            return
        wrote = event == "open" and isinstance(given[1], str) and set(given[1]) & set("wax+")
        if wrote or event in FORBIDDEN:
            self.seen.append(f"{event} {str(given)[:200]}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", metavar="N", type=int)
    parser.add_argument("--seed", type=int, default=0, help="another set of files")
    parser.add_argument("--keep", type=Path, default=ROOT / "build" / "fuzz", help="where files go that were too much")
    parser.add_argument("--only", type=int, metavar="SEED", help="one file again, and its error in full")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        soup = Soup(str(scratch / "canary"))
        if args.only is not None:
            return once(args.only, soup, scratch)
        start = time.perf_counter()
        base = args.seed * 1_000_003
        told = list(run(range(base, base + args.count), soup, scratch))
        return report(told, time.perf_counter() - start, soup, args.keep)


def once(seed: int, soup: Soup, scratch: Path) -> int:
    """One file, without a watch."""
    kind, data = mutant(seed, soup)
    path = scratch / "file.pt"
    path.write_bytes(data)
    print(f"{seed}: {kind}, {len(data):,} bytes: {exercise(path)}")
    return 0


def run(seeds: range, soup: Soup, scratch: Path) -> Iterator[tuple[int, str, str]]:
    """For each seed what was done, and `ok` and the kind, or what went wrong."""
    left = list(seeds)
    while left:
        done = 0
        for told in child(left, soup, scratch):
            done += 1
            yield told
        left = left[done:]


def child(seeds: list[int], soup: Soup, scratch: Path) -> Iterator[tuple[int, str, str]]:
    """What a child tells of seeds, up to the one it dies of."""
    ours, theirs = os.pipe()
    sys.stdout.flush()
    process = os.fork()
    if not process:
        os.close(ours)
        work(seeds, soup, scratch, theirs)
    os.close(theirs)
    done, ended = 0, False
    with os.fdopen(ours, "rb", buffering=0) as pipe:
        for line in lines(pipe):
            if line == DONE:
                ended = True
                break
            told = line.split("\t", 2)
            yield int(told[0]), told[1], told[2]
            done += 1
        if not ended:
            os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    if not ended:
        silent = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        what = "hang: no answer at all" if silent else f"crash: the interpreter died ({status})"
        yield seeds[done], mutant(seeds[done], soup)[0], what


def lines(pipe: Any) -> Iterator[str]:
    """The lines of a pipe, until it ends or nothing comes for long."""
    held = b""
    while select.select([pipe], [], [], SILENCE)[0]:
        got = pipe.read(65_536)
        if not got:
            return
        *whole, held = (held + got).split(b"\n")
        yield from (line.decode("utf-8", "replace") for line in whole)


def work(seeds: list[int], soup: Soup, scratch: Path, pipe: int) -> NoReturn:
    """The child: reads file after file and tells of each, up to one that cost more than is allowed."""
    watch = Watch(scratch)
    warm(scratch, soup)
    before = peak()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (addresses() + ROOM, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, ring)
    sys.addaudithook(watch)
    path = scratch / "file.pt"
    for seed in seeds:
        kind, data = mutant(seed, soup)
        path.write_bytes(data)
        told = watched(path, watch)
        grown = peak() - before
        if grown > MEMORY and told.startswith("ok"):
            told = f"memory: {grown >> 20:,} MB"
        os.write(pipe, f"{seed}\t{kind}\t{told}\n".encode())
        if told.startswith(("memory", "hang")):
            break  # what comes next would be measured wrongly
    os.write(pipe, f"{DONE}\n".encode())
    os._exit(0)


def watched(path: Path, watch: Watch) -> str:
    """`ok` and the kind of a file, or what went wrong."""
    watch.seen.clear()
    watch.on = True
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        told = f"ok {exercise(path)}"
    except Hang:
        told = f"hang: over {SECONDS} s of processor time in {innermost()}"
    except BaseException as error:
        told = f"crash: {type(error).__name__}: {str(error)[:200]!r} in {innermost()}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        watch.on = False
    if canary.touched or (path.parent / "canary").exists() or watch.seen:
        return f"canary: {'; '.join(watch.seen) or 'touched'}"
    return told


def ring(*_: object) -> None:
    raise Hang


def innermost() -> str:
    """Where the current exception came from, within tsl where it was there."""
    frames = traceback.extract_tb(sys.exc_info()[2])
    ours = [frame for frame in frames if f"{os.sep}tsl{os.sep}" in frame.filename] or frames
    return f"{Path(ours[-1].filename).name}:{ours[-1].lineno} {ours[-1].name}"


def warm(scratch: Path, soup: Soup) -> None:
    """Reads the sound files, so that whatever reading imports is imported."""
    path = scratch / "file.pt"
    for made in SEEDS.values():
        path.write_bytes(made())
        exercise(path)
    for seed in range(100, 140):
        path.write_bytes(mutant(seed, soup)[1])
        try:
            exercise(path)
        except Exception:
            continue  # the watched run of the same file will tell


def peak() -> int:
    """The most memory this process had, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def addresses() -> int:
    """How much address space this process has now."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 4 << 30


def report(told: list[tuple[int, str, str]], seconds: float, soup: Soup, keep: Path) -> int:
    """Prints the counts and keeps what was too much; 1 where something was."""
    bad = [each for each in told if not each[2].startswith("ok")]
    by_kind = Counter(kind for _, kind, _ in told)
    seen = Counter(what[3:] for *_, what in told if what.startswith("ok"))
    print(f"{len(told):,} files in {seconds:.0f} s")
    for kind, count in sorted(by_kind.items()):
        print(f"  {kind:<20}{count:>8,}")
    print("read as " + ", ".join(f"{kind} {count:,}" for kind, count in seen.most_common()))
    for verdict in ("crash", "hang", "memory", "canary"):
        print(f"  {verdict:<20}{sum(what.startswith(verdict) for *_, what in bad):>8,}")
    for seed, kind, what in bad:
        keep.mkdir(parents=True, exist_ok=True)
        path = keep / f"{seed}.pt"
        path.write_bytes(mutant(seed, soup)[1])
        print(f"{path}: {kind}: {what}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
