"""What a target of the fuzzer is, and what it raises when something is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Violation(Exception):  # noqa: N818 - what is wrong with akpatrol, not with the fuzzer
    """What must never happen did."""


class Target(Protocol):
    """One kind of input."""

    def __init__(self, scratch: Path) -> None:
        """Make the seeds; ``scratch`` is an empty directory of the target's own."""

    @property
    def seeds(self) -> Sequence[bytes]:
        """Files that are right."""

    def run(self, data: bytes, number: int) -> None:
        """Read a mutated file, whose seed has this number. Raises whatever is a violation."""
