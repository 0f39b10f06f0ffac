"""Tests that hold tsl against what one release of torch does: skipped under another one, with the reason.

Needs the version that is installed, and no torch. It will never hold an assertion.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import pytest


def release() -> tuple[int, int]:
    """The release of torch that is installed, as (2, 13); (0, 0) where there is none."""
    try:
        major, minor = version("torch").split(".")[:2]
    except PackageNotFoundError:
        return 0, 0
    return int(major), int(minor)


def since(least: tuple[int, int], reason: str) -> pytest.MarkDecorator:
    """Skips a test under a torch older than a release, or without any."""
    return pytest.mark.skipif(release() < least, reason=f"torch {least[0]}.{least[1]}: {reason}")
