#!/usr/bin/env python3
"""Holds tsl against torch on random modules: what it misses, and what it reports in vain.

usage: oracle.py [--seed SEED] [--samples K] [--gaps K] [--graphs K] N

Writes N different modules, traces each on one input, runs it on others, and reads it with tsl. Prints how many there
were, for each rule how many of the modules with an error of it never diverged, and each divergence that tsl said
nothing about, minimised. Then K random graphs of operators on tensors of several devices: where what is foretold of a
deployment and a simulation of it contradict each other. Exits 1 where a divergence is not known or there is a
contradiction. Needs torch and hypothesis; docs/oracle.md says how to read it.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch

from tests.oracle import foretelling
from tests.oracle.judging import known
from tests.oracle.search import Tally, distinct, minimal, search
from tests.oracle.telling import KINDS, alarmed, shown, told

MOST_REFUSALS = 10


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", metavar="N", type=int)
    parser.add_argument("--seed", type=int, default=0, help="another set of modules")
    parser.add_argument("--samples", type=int, default=0, metavar="K", help="show K false alarms of each rule")
    parser.add_argument("--gaps", type=int, default=100, metavar="K", help="minimise at most K divergences")
    parser.add_argument("--graphs", type=int, default=2000, metavar="K", help="random graphs (default: 2000)")
    args = parser.parse_args()
    torch.set_num_threads(1)
    start = time.perf_counter()
    tally = search(args.count, args.seed)
    print_counts(tally, time.perf_counter() - start)
    print_alarms(tally, args.samples)
    print_refusals(tally)
    is_unknown = print_gaps(tally, args.gaps)
    return 1 if print_contradictions(args.graphs, args.seed) or is_unknown else 0


def print_counts(tally: Tally, seconds: float) -> None:
    counts = tally.counts
    print(f"{counts['run']} programs in {seconds:.0f} s, {counts['run'] / seconds:.0f} a second")
    print(f"  {'raise on the example, or return no tensor':<44}{counts['unfit']:>6}")
    print(f"  {'refused by torch.jit.trace':<44}{counts['refused']:>6}")
    print(f"  {'kept':<44}{counts['kept']:>6}")
    print(f"    {'diverge':<42}{sum(counts[kind] for kind in KINDS):>6}")
    for kind, words in KINDS.items():
        print(f"      {words:<40}{counts[kind]:>6}")
    print(f"    {'diverge, and tsl says nothing':<42}{len(tally.gaps):>6}")
    print(f"    {'agree, and tsl reports an error':<42}{len(tally.alarms):>6}")
    print(f"    {'agree, and tsl reports no error':<42}{counts['agree']:>6}")


def print_alarms(tally: Tally, samples: int) -> None:
    """Prints the rate of false alarms, over all and by rule, and the shortest programs of each."""
    with_error, in_vain = tally.counts["error"], len(tally.alarms)
    print(f"\nfalse alarms: {in_vain} of {with_error} programs with an error, {in_vain / max(with_error, 1):.1%}")
    alarms = Counter(code for alarm in tally.alarms for code in {one.code for one in alarm.said})
    print(f"  {'rule':<8}{'programs with an error':>24}{'that never diverge':>20}{'rate':>7}")
    for code, count in sorted(tally.reported.items()):
        print(f"  {code:<8}{count:>24}{alarms[code]:>20}{alarms[code] / count:>7.0%}")
    for code in sorted(tally.reported):
        alone = [alarm for alarm in tally.alarms if {one.code for one in alarm.said} == {code}]
        for alarm in sorted(alone, key=lambda alarm: len(alarm.program.text))[:samples]:
            print(f"\n{alarmed(alarm, code)}")


def print_refusals(tally: Tally) -> None:
    """Prints why torch did not trace programs about which tsl said nothing, with the shortest of each."""
    print(f"\n{len(tally.refused)} programs are refused by torch.jit.trace while tsl says nothing")
    reasons = [re.sub(r"\d+", "N", error) for _, error in tally.refused]
    for reason, times in Counter(reasons).most_common(MOST_REFUSALS):
        programs = [program for (program, _), told in zip(tally.refused, reasons, strict=True) if told == reason]
        print(f"\n{times} times: {reason}\n{shown(min(programs, key=lambda program: len(program.text)))}")


def print_gaps(tally: Tally, most: int) -> bool:
    """Prints the divergences that tsl does not report; whether there is one that is not known."""
    found = distinct([minimal(gap) for gap in tally.gaps[:most]])
    unknown = [gap for gap in found if not known(gap.program.text)]
    for reason, times in Counter(filter(None, (known(gap.program.text) for gap in found))).most_common():
        print(f"\nknown, {times} times: {reason}")
    for gap in unknown:
        print(f"\n{told(gap)}")
    print(f"\n{len(unknown)} unreported divergences that are not known, of {min(len(tally.gaps), most)} minimised")
    return bool(unknown)


def print_contradictions(count: int, seed: int) -> bool:
    """Prints what came of random graphs, and a small contradiction at each kind of operator; whether there is one."""
    if not count:
        return False
    start = time.perf_counter()
    tally = foretelling.search(count, seed)
    counts, seconds = tally.counts, time.perf_counter() - start
    print(f"\n{counts['graphs']} graphs in {seconds:.0f} s, simulated {counts['simulated']} times")
    print(f"  {'operators refused by the simulation':<44}{counts['refused']:>6}")
    print(f"  {'conflicts foretold':<44}{counts['foretold']:>6}")
    print(f"  {'contradictions':<44}{len(tally.found):>6}")
    kinds: dict[str, foretelling.Contradiction] = {}
    for found in sorted(tally.found, key=lambda one: len(one.choices)):
        kinds.setdefault(found.words.partition(" ")[0], found)
    for found in kinds.values():
        print(f"\n{foretelling.minimal(found).told}")
    return bool(tally.found)


if __name__ == "__main__":
    sys.exit(main())
