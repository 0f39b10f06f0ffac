"""What rests on the texts that fixes led to is judged again, and texts that leave a file worse are given back.

Needs a run, and texts for some of its files. It will never try a fix.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping

from tsl.check import Run, again
from tsl.fix.weigh import excess

Texts = Mapping[str, bytes]


def settled(sound: Run, texts: Texts) -> Run:
    """A run with those texts, by absolute path, that together leave no file worse: all of them where that is so.

    Else those that a file that is worse rests on are tried one after the other; where the rest does not hold by itself,
    all are.
    """
    final = again(sound, texts)
    worse = {path for path, _ in excess(sound, final)}
    if not worse:
        return final
    for suspects in (_suspects(final, worse, texts), sorted(texts)):
        kept = {own: data for own, data in texts.items() if own not in suspects}
        final = again(sound, _with_each(sound, kept, suspects, texts))
        if not excess(sound, final):
            return final
    return sound


def _suspects(run: Run, worse: Collection[str], texts: Texts) -> list[str]:
    """The texts that files that are worse are, or rest on."""
    files = [file for file in run.examined if file.path in worse]
    concerned = {own for file in files for own in (os.path.abspath(file.path), *file.judged.read)}
    return sorted(concerned & texts.keys())


def _with_each(sound: Run, kept: Texts, suspects: Iterable[str], texts: Texts) -> Texts:
    """Texts and those of the suspects that leave nothing worse beside them and the suspects before."""
    for own in suspects:
        more = {**kept, own: texts[own]}
        if not excess(sound, again(sound, more)):
            kept = more
    return kept
