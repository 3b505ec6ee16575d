"""A cache of encoded texts without any possible match, so that they are not scanned again."""

from __future__ import annotations

_REMEMBERED = 1 << 17


class NegativeCache:
    """The keys of encoded texts in which, at some depth, nothing could be a match. Histories repeat such texts."""

    def __init__(self, known: set[tuple[int, object]], depth: int) -> None:
        self._known: set[tuple[int, object]] = known
        self._depth = depth
        self._key: int | None = None
        self._negative = self._all_negative = True

    def __contains__(self, key: object) -> bool:
        return (key == self._key and self._negative) or (self._depth, key) in self._known

    def record(self, key: int | None, negative: bool) -> None:  # noqa: FBT001 - the recorded value
        """Record whether a part of the text with this key is negative; the parts of a text come one after another."""
        if key != self._key:
            self._add()
            self._key, self._negative = key, True
        self._negative &= negative
        self._all_negative &= negative

    def all_negative(self) -> bool:
        """Return whether all texts were negative; call it after the last."""
        self._add()
        return self._all_negative

    def _add(self) -> None:
        if self._key is not None and self._negative:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known.add((self._depth, self._key))
