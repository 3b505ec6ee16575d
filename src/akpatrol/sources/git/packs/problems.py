"""Unreadable files in an object directory that should hold objects: git ignores most of them silently.

Bitmaps, reverse indexes, the multi-pack index and the commit graph hold no objects and are not read here, so their
content does not matter. One that cannot even be opened is reported, because it may be something else.
"""

from __future__ import annotations

import os
import re
from time import sleep
from typing import TYPE_CHECKING

from akpatrol.model.scan import Skipped
from akpatrol.sources.git import alternates
from akpatrol.sources.git.obstacles import blocks
from akpatrol.sources.git.packs.object_directories import FAN_OUT
from akpatrol.sources.regular_file import opened, problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from akpatrol.sources.git.runner import Git

_NO_PACK = "index without its pack: its objects cannot be read; restore the pack or fetch again"
_NO_INDEX = "pack without an index: run git index-pack on it"
_LOOSE = re.compile(rb"[0-9a-f]{38}(?:[0-9a-f]{24})?")
_STORES = re.compile(rb".*\.(?:pack|idx|rev|bitmap|mtimes|keep|promisor|graph)|multi-pack-index|commit-graph|packs")
_PARTS = {b"pack", b"info", *FAN_OUT}
# A concurrent git gc removes an index and its pack one after the other.
_A_MOMENT = 0.2


def find_problems(git: Git) -> Iterator[Skipped]:
    """Yield a skip for every file that looks like a part of an object directory or its alternates and is unreadable."""
    skips = _found(git)
    if any(skip.reason in (_NO_PACK, _NO_INDEX) for skip in skips):
        sleep(_A_MOMENT)
        later = {*_found(git)}
        skips = [skip for skip in skips if skip in later]
    yield from skips


def _found(git: Git) -> list[Skipped]:
    directories, skips = alternates.directories(git)
    for directory in directories:
        skips += _of(directory, alternates.label(directories, directory))
    return skips


def _of(directory: bytes, label: str) -> Iterator[Skipped]:
    names, skips = _listed(directory, label)
    yield from skips
    for name in (part for part in names if part in _PARTS):
        path, item = os.path.join(directory, name), f"{label}/{os.fsdecode(name)}"
        files, skips = _listed(path, item)
        yield from skips
        if name in FAN_OUT:
            yield from _not_loose(item, files.values())
        else:
            unopened = {*_unopened(path, item, files)}
            yield from sorted(unopened)
            yield from (
                problem for problem in _alone(item, files) if problem.item not in {skip.item for skip in unopened}
            )


def _listed(directory: bytes, label: str) -> tuple[dict[bytes, os.DirEntry[bytes]], list[Skipped]]:
    try:
        with os.scandir(directory) as scanned:
            return {entry.name: entry for entry in sorted(scanned, key=lambda entry: entry.name)}, []
    except OSError as error:
        if not os.path.lexists(directory):
            return {}, []
        return {}, [Skipped(label, blocks(directory) or f"directory: {error.strerror}")]


def _unopened(directory: bytes, label: str, names: Iterable[bytes]) -> Iterator[Skipped]:
    for name in names:
        path = os.path.join(directory, name)
        if os.path.join(os.path.basename(directory), name) == alternates.FILE:
            continue  # reported by its reader
        if os.path.isdir(path) and not _STORES.fullmatch(name):
            continue  # multi-pack-index.d and commit-graphs: directories of files without objects
        try:
            opened(path).close()
        except OSError as error:
            if os.path.lexists(path):
                yield Skipped(f"{label}/{os.fsdecode(name)}", problem(path) or error.strerror or "cannot be opened")


def _alone(label: str, names: Collection[bytes]) -> Iterator[Skipped]:
    """Yield packs without an index and indexes without a pack."""
    for name in names:
        stem, _, suffix = name.rpartition(b".")
        if suffix == b"idx" and stem + b".pack" not in names:
            yield Skipped(f"{label}/{os.fsdecode(name)}", _NO_PACK)
        elif suffix == b"pack" and stem + b".idx" not in names:
            yield Skipped(f"{label}/{os.fsdecode(name)}", _NO_INDEX)


def _not_loose(label: str, entries: Iterable[os.DirEntry[bytes]]) -> Iterator[Skipped]:
    """Yield entries with a loose object's name that are no files; unreadable files are reported by their reader."""
    for entry in entries:
        if _LOOSE.fullmatch(entry.name) and not entry.is_file() and os.path.lexists(entry.path):
            yield Skipped(f"{label}/{os.fsdecode(entry.name)}", problem(entry.path))
