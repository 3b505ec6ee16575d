"""Units of work over objects: each type of object as content for the engine."""

from __future__ import annotations

import os
import re
from collections import Counter
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import GitError
from akpatrol.gitdata.raw_object import RawBatch, RawObject
from akpatrol.model.batch import ContentBatch
from akpatrol.model.chunks import BLOCK_BYTES, content_of
from akpatrol.model.scan import Chunk, Content, Counted, Excluded, Exclusion, Origin, Place, Skipped, Uncacheable
from akpatrol.sources.git import catfile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from akpatrol.sources.base import Item
    from akpatrol.sources.git.packs.object_slices import Slice
    from akpatrol.sources.git.runner import Git

PLACES = {"blob": Place.CONTENT, "tree": Place.PATH, "commit": Place.COMMIT_MESSAGE, "tag": Place.TAG_MESSAGE}
_COUNTED_EVERY = 500
# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md: a pointer is a text file of less than 1024 bytes.
_LFS_POINTER = re.compile(
    rb"version https://(?:git-lfs\.github\.com|hawser\.github\.com)/spec/v1\n(?:.*\n)*?oid sha256:([0-9a-f]{64})\n"
)
_LFS_POINTER_BYTES = 1024
_LFS_OPENING = b"version https://"
_ADDED_PATHS = (
    *("log", "-c", "-z", "--format=", "--name-only", "--no-renames", "--diff-filter=A"),
    *("--ignore-submodules", "--not", "--all", "--stdin"),
)


class ObjectsUnit(NamedTuple):
    """The objects with these ids.

    ``labels`` has their names for skips. ``staged`` says that a Git LFS pointer is what the
    commit adds; otherwise its object should be there to be read.
    """

    target: str
    git: Git
    ids: tuple[str, ...]
    labels: Mapping[str, str] = {}
    staged: bool = False
    title: str = "objects"

    def read(self) -> Iterator[Item | ContentBatch]:
        """Yield each object's content; a tree's raw bytes are yielded for the names in it."""
        found = catfile.objects(self.git, self.ids)
        raw = (
            item._replace(item=self.labels.get(item.item, item.item))
            if isinstance(item, Skipped)
            else RawObject(item.id, item.type, item.size, None, item.read)
            for item in found
        )
        return _items(self, raw, self.labels, staged=self.staged)


class SliceUnit(NamedTuple):
    """A slice of the object database; ``key`` identifies its part to the planner."""

    target: str
    git: Git
    part: Slice
    key: str = ""
    title: str = "objects"

    def read(self) -> Iterator[Item | ContentBatch]:
        """Yield each object's content; a tree's raw bytes are yielded for the names in it."""
        from akpatrol.sources.git.packs import slices  # noqa: PLC0415 - isal and dulwich, which a hook does without

        return _items(self, slices.read(self.part, self.git))


def _items(
    unit: ObjectsUnit | SliceUnit,
    found: Iterable[RawObject | RawBatch | Skipped],
    labels: Mapping[str, str] = {},
    *,
    staged: bool = False,
) -> Iterator[Item | ContentBatch]:
    target, counts = unit.target, Counter[str]()
    size = number = stored = 0
    kept = unit.git.plain.kept if unit.git.plain and unit.git.plain.kept.is_whole else None
    for item in found:
        if isinstance(item, Skipped):
            if kept:
                kept.give_up()
            yield item
            continue
        if kept and isinstance(item, RawBatch):
            kept.add_batch(item)
        elif kept and isinstance(item, RawObject):
            kept.add(item)
        if isinstance(item, RawBatch):
            yield from _batch(unit, item)
            continue
        path = os.fsencode(labels[item.id]) if item.id in labels else None
        content = _content(item, Origin(target, PLACES.get(item.type, Place.CONTENT), path, item.id))
        yield content
        data = content.data
        if item.size < _LFS_POINTER_BYTES and data.startswith(_LFS_OPENING) and item.type == "blob":
            yield from lfs_gap(unit.git, data, item.id, staged=staged)
        counts[item.type] += 1
        size += item.size
        stored += item.stored
        number += 1
        if number >= _COUNTED_EVERY:
            yield from _counted(counts, size, stored)
            counts, size, number, stored = Counter(), 0, 0, 0
    yield from _counted(counts, size, stored)


def _batch(unit: ObjectsUnit | SliceUnit, raw: RawBatch) -> Iterator[Item | ContentBatch]:
    types, contents = raw.types, raw.contents

    def content(number: int) -> Content:
        return Content(Origin(unit.target, PLACES[types[number]], None, raw.id(number)), contents[number])

    yield ContentBatch(contents, content)
    for number, data in enumerate(contents):
        if len(data) < _LFS_POINTER_BYTES and data[:16] == _LFS_OPENING and types[number] == "blob":
            yield from lfs_gap(unit.git, data, raw.id(number), staged=False)
    yield from _counted(Counter(types), sum(map(len, contents)), raw.stored)


def _content(item: RawObject, origin: Origin) -> Content:
    data = item.data
    if data is None:
        return content_of(item.read, origin)._replace(size=item.size) if item.read else Content(origin, b"")
    if len(data) < BLOCK_BYTES:
        return Content(origin, data)
    streamed = content_of(BytesIO(data).read, origin)
    return streamed._replace(at=lambda offset, wanted: data[offset : offset + wanted], size=item.size)


class NamesUnit(NamedTuple):
    """Names that are not objects: of refs, or of paths that commits add."""

    target: str
    place: Place
    names: tuple[bytes, ...]
    title: str = "names"

    def read(self) -> Iterator[Item]:
        """Yield all names as one chunk."""
        files = len(self.names) if self.place is Place.PATH else 0
        yield Chunk(Origin(self.target, self.place), b"\0".join(self.names), names=True, files=files)
        if self.place is Place.REF_NAME:
            yield Counted("refs", len(self.names))


class AddedPathsUnit(NamedTuple):
    """The paths of all files added by the commits that only the ``tips`` reach."""

    target: str
    git: Git
    tips: tuple[str, ...]
    title: str = "paths"

    def read(self) -> Iterator[Item]:
        """Yield all paths as one chunk."""
        try:
            listed = self.git.run(*_ADDED_PATHS, stdin="".join(f"{tip}\n" for tip in self.tips).encode())
        except GitError as error:
            yield Skipped("paths of the history", str(error))
            return
        # A commit's paths follow an empty line.
        paths = tuple(dict.fromkeys(path.lstrip(b"\n") for path in listed.split(b"\0") if path.strip(b"\n")))
        yield from NamesUnit(self.target, Place.PATH, paths).read()


def lfs_gap(git: Git, content: bytes, item: str, *, staged: bool) -> Iterator[Skipped | Excluded]:
    """Report a Git LFS pointer: left out when staged, a skip when its object is not in the local store."""
    if found := _LFS_POINTER.match(content):
        if staged:
            yield Excluded(Exclusion.GIT_LFS_POINTER)
            return
        yield Uncacheable(item, "Git LFS can add or remove the object that it points to")
        oid = found[1].decode()
        stored = os.path.join(
            git.repository.common_dir, b"lfs", b"objects", *(p.encode() for p in (oid[:2], oid[2:4], oid))
        )
        if not os.path.isfile(stored):
            yield Skipped(item, "Git LFS pointer whose object is not in the local store: run git lfs fetch --all")


def _counted(counts: Counter[str], size: int, stored: int) -> Iterator[Counted]:
    for type_, number in sorted(counts.items()):
        yield Counted(type_ + "s", number, size, stored)
        size = stored = 0
