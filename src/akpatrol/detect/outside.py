"""The text around an encoded one: a clue or a rule's keyword may stand there."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from akpatrol.detect.keywords import Clue
    from akpatrol.scan.work import Work


class Around:
    """The text round an encoded one, and what that stands in: a rule's keyword may be there.

    ``rules`` are the numbers of those of which the gate said that they are to be run over it.
    """

    def __init__(self, data: bytes, rules: frozenset[int], outer: Around | None = None) -> None:
        self.rules: frozenset[int] = rules | outer.rules if outer else rules
        self._data = data
        self._outer = outer
        self._known: dict[int, bool] = {}

    def holds(self, index: int, keywords: Sequence[str]) -> bool:
        """Return whether any of the keywords of the rule of that number stands there."""
        if index not in self._known:
            here = any(word.encode() in self._lowered for word in keywords)
            self._known[index] = here or bool(self._outer and self._outer.holds(index, keywords))
        return self._known[index]

    @cached_property
    def _lowered(self) -> bytes:
        return self._data.lower()


class Outer(NamedTuple):
    """What stands outside of an encoded text: clues near it, and the text round it.

    ``work`` is what may still be done.
    """

    work: Work
    clues: Callable[[], frozenset[Clue]] = frozenset
    around: Around | None = None
