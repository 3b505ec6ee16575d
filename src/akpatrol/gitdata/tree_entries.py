"""The entries of a tree; https://git-scm.com/book/en/v2/Git-Internals-Git-Objects."""

from __future__ import annotations

import re

_ENTRY = re.compile(rb"([0-7]+) ([^\0]+)\0(.{20})", re.DOTALL)
_ENTRY_SHA256 = re.compile(rb"([0-7]+) ([^\0]+)\0(.{32})", re.DOTALL)
# A byte that no entry has makes a pair of nothing.
_TARGET = re.compile(rb"([0-7]+) [^\0]+\0(.{20})|.", re.DOTALL)
_TARGET_SHA256 = re.compile(rb"([0-7]+) [^\0]+\0(.{32})|.", re.DOTALL)
_SHA1_HEX = 40

Entries = dict[bytes, tuple[bytes, bytes]]
"""Mode and id, in raw bytes, by name; a repeated name is followed by NUL and a number."""


def parsed(data: bytes, id_: str) -> Entries | None:
    """Return a tree's entries, None for one that is broken."""
    pattern, width = (_ENTRY, 22) if len(id_) == _SHA1_HEX else (_ENTRY_SHA256, 34)
    listed = pattern.findall(data)
    by_name = {name: (mode, id_) for mode, name, id_ in listed}
    if len(by_name) != len(listed):
        counts: dict[bytes, int] = {}
        by_name = {}
        for mode, name, object_id in listed:
            number = counts[name] = counts.get(name, -1) + 1
            by_name[name + b"\0%d" % number if number else name] = (mode, object_id)
    is_complete = sum(len(mode) + len(name) for mode, name, _ in listed) + width * len(listed) == len(data)
    return by_name if is_complete else None


def targets(data: bytes, id_: str) -> set[tuple[bytes, bytes]] | None:
    """Return mode and id, in raw bytes, of each entry of a tree, None for one that is broken."""
    found = {*(_TARGET if len(id_) == _SHA1_HEX else _TARGET_SHA256).findall(data)}
    return None if (b"", b"") in found else found
