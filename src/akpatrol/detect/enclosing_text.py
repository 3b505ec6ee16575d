"""The text around an encoded run, where a clue or a rule's keyword may be."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from akpatrol.detect.keywords import Clue
    from akpatrol.scan.work import Work


class EnclosingText:
    """The text around an encoded run, and the text around that: a rule's keyword may be there.

    ``rules`` are the numbers of the rules that the prefilter selected to run over all of it.
    """

    def __init__(self, data: bytes, rules: frozenset[int], outer: EnclosingText | None = None) -> None:
        self.rules: frozenset[int] = rules | outer.rules if outer else rules
        self._data = data
        self._outer = outer
        self._known: dict[int, bool] = {}

    def holds(self, index: int, keywords: Sequence[str]) -> bool:
        """Return whether any keyword of the rule of that number is there."""
        if index not in self._known:
            has_keyword = any(word.encode() in self._lowered for word in keywords)
            self._known[index] = has_keyword or bool(self._outer and self._outer.holds(index, keywords))
        return self._known[index]

    @cached_property
    def _lowered(self) -> bytes:
        return self._data.lower()


class Outer(NamedTuple):
    """The context outside an encoded run: clues near it, and the text around it.

    ``work`` is the budget that is left.
    """

    work: Work
    clues: Callable[[], frozenset[Clue]] = frozenset
    around: EnclosingText | None = None
