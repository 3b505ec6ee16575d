"""Open zip archives and all that are one: wheels, jars, office documents, packages, self-extracting programs.

Where any part can be read, the directory lists the members, as for every other reader. It is read bit by bit, because
the standard library's reader would hold a million members in memory.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from akpatrol.unwrap.containers.member import Flaw, Member
from akpatrol.unwrap.containers.workbook import Workbook
from akpatrol.unwrap.containers.zip_directory import find, is_sound, listed
from akpatrol.unwrap.containers.zip_entry import Data
from akpatrol.unwrap.containers.zip_walk import LOCAL, LOCAL_BYTES, ZipWalk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes
    from akpatrol.unwrap.containers.zip_directory import Directory
    from akpatrol.unwrap.containers.zip_entry import ZipEntry


def members(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield the members. Raises OverLimit and OSError; damage is a flaw, of a member or of the whole."""
    if source.at is None or source.size is None:
        yield from ZipWalk(source, level).members()
        return
    directory = find(source.at, source.size)
    if directory is None:
        yield Flaw("truncated or damaged: the directory at its end is missing")
    elif directory.split:
        yield Flaw("one part of a split archive: the others are not read with it")
    elif not directory.entries and (directory.size or source.peek(4) == LOCAL):
        yield Flaw("damaged: its end does not name the directory or the members before it")
    elif not is_sound(source.another(), level, directory):
        yield Flaw("damaged: its directory cannot be read in full")
    else:
        yield from _listed_members(source, level, directory)
        return
    yield from ZipWalk(source, level, flaws=False).members()


def _listed_members(source: ContainerBytes, level: Level, directory: Directory) -> Iterator[Member | Flaw]:
    if directory.truncated:
        yield Flaw("truncated: its comment is cut off")
    if directory.followed:
        yield Flaw("damaged: a second end record follows it and declares no members")
    if directory.base and source.peek(4) == LOCAL:
        # Another zip before this one, which readers of directories do not see.
        yield from ZipWalk(source.another(), level, directory.base).members()
    book = Workbook()
    for entry in listed(source.another(), directory):
        level.member()
        book.note(entry)
        yield _member(source, level, entry)
    yield from book.members(source, level, lambda entry: _seek(source, entry))


def _member(source: ContainerBytes, level: Level, entry: ZipEntry) -> Member:
    names = (entry.name,)
    if entry.flaw or entry.is_directory:
        return Member(entry.label, names, flaw=entry.flaw)
    if not _seek(source, entry):
        return Member(entry.label, names, flaw=f"damaged: it does not begin at byte {entry.offset}")
    start, at, size = source.offset, None, None
    if not entry.method and source.at:
        # Only a stored member's size is certain: a false one would mislead the member's opener.
        at, size = _part(source.at, start, entry.compressed), entry.compressed
    return Member(entry.label, names, iter(Data(source, level, entry)), at=at, size=size)


def _seek(source: ContainerBytes, entry: ZipEntry) -> bool:
    """Go to an entry's data; return whether it begins where the directory says."""
    source.seek(entry.offset)
    header = source.read(LOCAL_BYTES)
    if len(header) < LOCAL_BYTES or not header.startswith(LOCAL):
        return False
    source.skip(sum(struct.unpack_from("<2H", header, 26)))
    return True


def _part(at: Callable[[int, int], bytes], start: int, size: int) -> Callable[[int, int], bytes]:
    return lambda offset, number: at(start + offset, max(0, min(number, size - offset)))
