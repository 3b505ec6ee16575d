"""Commits, trees and tags that are kept while all objects are read, so that nobody has to ask git for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.gitdata.tree_entries import parsed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from akpatrol.gitdata.raw_object import RawBatch, RawObject

_MOST_BYTES = 64 << 20
_LINK = b"160000"


class KeptObjects:
    """The objects of a repository that should have ``number`` of them.

    ``texts`` has the type and content of each that is no blob. It is complete once all were added, whole and right.
    """

    def __init__(self, number: int) -> None:
        self.texts: dict[str, tuple[str, bytes]] = {}
        self.blobs: set[str] = set()
        self._number = number
        self._bytes = 0
        self._is_whole = True

    @property
    def is_whole(self) -> bool:
        """Whether nothing was given up, so that all objects may be known in the end."""
        return self._is_whole

    @property
    def is_complete(self) -> bool:
        """Whether all objects are known."""
        return self._is_whole and len(self.texts) + len(self.blobs) == self._number

    def add_batch(self, batch: RawBatch) -> None:
        """Add small objects."""
        for number, (type_, content) in enumerate(zip(batch.types, batch.contents, strict=True)):
            self._add(batch.id(number), type_, content)

    def add(self, item: RawObject) -> None:
        """Add one object."""
        if item.type != "blob" and item.data is None:
            self.give_up()
        else:
            self._add(item.id, item.type, item.data or b"")

    def give_up(self) -> None:
        """Keep nothing: an object could not be read as it is stored, or there is too much."""
        self._is_whole = False
        self.texts, self.blobs = {}, set()

    def types(self, ids: Iterable[str]) -> dict[str, str]:
        """Return the type of each object, "" for one that does not exist."""
        return {id_: "blob" if id_ in self.blobs else self.texts.get(id_, ("",))[0] for id_ in ids}

    def reached(self, commits: Iterable[str]) -> set[str]:
        """Return the ids of the trees and blobs of commits, and of everything below."""
        reached: set[str] = set()
        pending = [text[5 : text.index(b"\n")].decode() for id_ in commits for _, text in (self.texts[id_],)]
        while pending:
            id_ = pending.pop()
            if id_ not in reached:
                reached.add(id_)
                entries = parsed(self.texts[id_][1], id_) if id_ in self.texts else None
                pending += [below.hex() for mode, below in (entries or {}).values() if mode != _LINK]
        return reached

    def _add(self, id_: str, type_: str, content: bytes) -> None:
        if not self._is_whole:
            return
        if type_ == "blob":
            self.blobs.add(id_)
            return
        self.texts[id_] = type_, content
        self._bytes += len(content)
        if self._bytes > _MOST_BYTES:
            self.give_up()
