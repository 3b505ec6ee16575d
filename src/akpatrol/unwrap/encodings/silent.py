"""Which encoded texts came to nothing, so that they are not looked through again."""

from __future__ import annotations

_REMEMBERED = 1 << 17


class Silent:
    """The encoded texts, by their keys, in which at some depth nothing could be a match: histories repeat them."""

    def __init__(self, known: set[tuple[int, object]], depth: int) -> None:
        self._known: set[tuple[int, object]] = known
        self._depth = depth
        self._key: int | None = None
        self._silent = self._always = True

    def __contains__(self, key: object) -> bool:
        return (key == self._key and self._silent) or (self._depth, key) in self._known

    def met(self, key: int | None, silent: bool) -> None:  # noqa: FBT001 - what a text came to
        """Take in what a part of the text of this key came to; its parts come one after the other."""
        if key != self._key:
            self._add()
            self._key, self._silent = key, True
        self._silent &= silent
        self._always &= silent

    def always(self) -> bool:
        """Return whether all texts were silent; after the last."""
        self._add()
        return self._always

    def _add(self) -> None:
        if self._key is not None and self._silent:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known.add((self._depth, self._key))
