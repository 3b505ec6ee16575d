"""Show the shared strings of a workbook in the cells that use them (ECMA-376 part 1, 18.3.1.4 and 18.4.8).

A workbook keeps each text once, apart from its sheets. The strings are scanned where they are; here each one is told
once more with its first cell and the others of that row, which say where it is seen and what stands beside it.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from akpatrol.unwrap.containers.member import PIECE_BYTES, Member, Unreadable, text
from akpatrol.unwrap.containers.zip_entry import Data

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes
    from akpatrol.unwrap.containers.zip_entry import ZipEntry

_BOOK, _RELATIONS, _STRINGS = b"xl/workbook.xml", b"xl/_rels/workbook.xml.rels", b"xl/sharedStrings.xml"
_SHEET = re.compile(rb"xl/worksheets/[^/]+\.xml")
_MOST_SHEETS = 4096
# A larger table is scanned where it is, and only there.
_MOST_BYTES = 16 << 20
_STRING_END = re.compile(rb"</(?:\w+:)?si\s{0,8}>|<(?:\w+:)?si\s{0,8}/>")
_STRING_START = re.compile(rb"<(?:\w+:)?si[\s>]")
_PHONETIC = re.compile(rb"(?s)<((?:\w+:)?rPh)[\s>].*?</\1\s*>")
_TAG = re.compile(rb"<[^<>]*>")
_USE = re.compile(
    rb"(</(?:\w+:)?row\s*>)|<(?:\w+:)?c\s(?=[^<>]{0,300}\bt=\"s\")(?:[^<>]{0,200}\s)?r=\"([A-Z]{1,3}[0-9]{1,7})\"[^<>]{0,300}>"
    rb"\s{0,64}<(?:\w+:)?v>\s{0,64}([0-9]{1,9})\s{0,64}<"
)
_NAMED = re.compile(rb"<(?:\w+:)?sheet\s[^<>]*>")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\s[^<>]*>")
_ATTRIBUTE = re.compile(rb"\s([\w:]+)=\"([^\"<>]*)\"")
_CELL_BYTES = 4096


class Workbook:
    """The entries of a zip that make a workbook, if it is one."""

    def __init__(self) -> None:
        self._parts: dict[bytes, ZipEntry] = {}
        self._sheets: list[ZipEntry] = []

    def note(self, entry: ZipEntry) -> None:
        """Keep an entry if it is of a workbook."""
        if entry.flaw or not entry.name.startswith(b"xl/"):
            return
        if entry.name in (_BOOK, _RELATIONS, _STRINGS):
            self._parts[entry.name] = entry
        elif _SHEET.fullmatch(entry.name) and len(self._sheets) < _MOST_SHEETS:
            self._sheets.append(entry)

    def members(self, source: ContainerBytes, level: Level, seek: Callable[[ZipEntry], bool]) -> Iterator[Member]:
        """Yield a member for each sheet that uses shared strings. ``seek`` goes to the data of an entry.

        Damage is no flaw here: it was told with the entry itself. Raises OverLimit and OSError.
        """
        if _STRINGS not in self._parts or not self._sheets:
            return
        reader = _EntryReader(source, level, seek)
        strings = _strings(reader.whole(self._parts[_STRINGS]))
        titles = _titles(
            *(reader.whole(self._parts[name]) if name in self._parts else b"" for name in (_BOOK, _RELATIONS))
        )
        for sheet in self._sheets:
            if not any(strings):
                return
            level.member()
            title = titles.get(sheet.name) or text(sheet.name.rpartition(b"/")[2])
            yield Member(f"sheet:{title}", pieces=_cells(reader.pieces(sheet), strings, level))


class _EntryReader:
    def __init__(self, source: ContainerBytes, level: Level, seek: Callable[[ZipEntry], bool]) -> None:
        self._source = source
        self._level = level
        self._seek = seek

    def pieces(self, entry: ZipEntry) -> Iterator[bytes]:
        """Yield an entry's bytes as far as they can be read."""
        if self._seek(entry):
            try:
                yield from Data(self._source, self._level, entry)
            except Unreadable:
                return

    def whole(self, entry: ZipEntry) -> bytes:
        """Return an entry's bytes, nothing if they are too many."""
        parts, size = [], 0
        for piece in self.pieces(entry):
            parts.append(piece)
            size += len(piece)
            if size > _MOST_BYTES:
                return b""
        return b"".join(parts)


def _strings(table: bytes) -> list[bytes]:
    return [_string(part) for part in _STRING_END.split(table)[:-1]]


def _string(part: bytes) -> bytes:
    start = _STRING_START.search(part)
    part = part[start.end() :] if start else part
    if b"rPh" in part and len(part) < _CELL_BYTES:
        part = _PHONETIC.sub(b"", part)
    return _TAG.sub(b"", part)


def _titles(book: bytes, relations: bytes) -> dict[bytes, str]:
    """Return the titles of sheets by the names of their entries."""
    targets = {}
    for match in _RELATION.finditer(relations):
        values = dict(_ATTRIBUTE.findall(match[0]))
        target = values.get(b"Target", b"")
        targets[values.get(b"Id")] = target[1:] if target.startswith(b"/") else b"xl/" + target
    titles = {}
    for match in _NAMED.finditer(book):
        values = dict(_ATTRIBUTE.findall(match[0]))
        relation = next((value for name, value in values.items() if name.endswith(b":id")), None)
        titles[targets.get(relation, b"")] = unescape(text(values.get(b"name", b"")))
    return titles


def _cells(pieces: Iterator[bytes], strings: list[bytes], level: Level) -> Iterator[bytes]:
    """Yield the cells of a sheet that are the first to use a string, with their names, a line for each row."""
    rest, in_row = b"", False
    for more in pieces:
        data, shown, end = rest + more, list[bytes](), 0
        for match in _USE.finditer(data):
            end = match.end()
            if match[1]:
                shown += [b"\n"] if in_row else []
                in_row = False
            elif (number := int(match[3])) < len(strings) and strings[number]:
                shown.append(match[2] + b":\t" + strings[number] + b"\t")
                strings[number], in_row = b"", True
        rest = data[max(end, len(data) - _CELL_BYTES) :]
        whole = b"".join(shown)
        level.spend(len(whole))
        yield from (whole[start : start + PIECE_BYTES] for start in range(0, len(whole), PIECE_BYTES))
