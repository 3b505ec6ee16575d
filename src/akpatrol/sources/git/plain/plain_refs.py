"""Refs and HEAD from their files; https://git-scm.com/docs/gitrepository-layout."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from akpatrol.sources.git.obstacles import content_of

# What git-check-ref-format(1) allows, and nothing that could be a lock or a leftover.
_PART = rb"(?!\.)[^\x00-\x20\x7f~^:?*\[\\/]+(?<!\.lock)(?<!\.)"
_NAME = re.compile(rb"refs(?:/" + _PART + rb")+")
_UNUSUAL = re.compile(rb"\.\.|@\{")
_ID = {20: re.compile(rb"(?!0{40})[0-9a-f]{40}"), 32: re.compile(rb"(?!0{64})[0-9a-f]{64}")}
_LEADING = re.compile(rb"ref: (refs/[^\s]+)\n")
_PACKED_HEADER = b"# pack-refs with:"


class PlainRefs(NamedTuple):
    """The id and name of each ref, in the order of their names, and HEAD's id, "" if its branch has no commit."""

    listing: list[tuple[str, str]]
    head: str


def read(git_dir: bytes, id_bytes: int) -> PlainRefs | None:
    """Return refs and HEAD, None if git should read them."""
    refs: dict[bytes, bytes] = {}
    for line in content_of(os.path.join(git_dir, b"packed-refs")).splitlines(keepends=True):
        if line.startswith((_PACKED_HEADER, b"^")):
            continue
        id_, _, name = line.partition(b" ")
        if not name.endswith(b"\n") or not _is_ref(name[:-1], id_, id_bytes):
            return None
        refs[name[:-1]] = id_
    leading: dict[bytes, bytes] = {}
    for name, content in _loose(git_dir):
        if link := _LEADING.fullmatch(content):
            leading[name] = link[1]
        elif content.endswith(b"\n") and _is_ref(name, content[:-1], id_bytes):
            refs[name] = content[:-1]
        else:
            return None
    for name, target in leading.items():
        if target not in refs or not _is_ref(name, refs[target], id_bytes):
            return None
    resolved = refs | {name: refs[target] for name, target in leading.items()}
    head = _head(git_dir, resolved, id_bytes)
    if head is None:
        return None
    listing = [(id_.decode(), name.decode("utf-8", "surrogateescape")) for name, id_ in sorted(resolved.items())]
    return PlainRefs(listing, head)


def _head(git_dir: bytes, refs: dict[bytes, bytes], id_bytes: int) -> str | None:
    content = content_of(os.path.join(git_dir, b"HEAD"))
    if link := _LEADING.fullmatch(content):
        return refs.get(link[1], b"").decode() if _is_name(link[1]) else None
    return content[:-1].decode() if content.endswith(b"\n") and _ID[id_bytes].fullmatch(content[:-1]) else None


def _loose(git_dir: bytes) -> list[tuple[bytes, bytes]]:
    """Return the name and content of each file below ``refs``; one that cannot be read has none."""
    found = []
    pending = [os.path.join(git_dir, b"refs")]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                else:
                    is_file = entry.is_file(follow_symlinks=False)
                    found.append((os.path.relpath(entry.path, git_dir), content_of(entry.path) if is_file else b""))
    return found


def _is_ref(name: bytes, id_: bytes, id_bytes: int) -> bool:
    return bool(_ID[id_bytes].fullmatch(id_)) and _is_name(name)


def _is_name(name: bytes) -> bool:
    return bool(_NAME.fullmatch(name)) and not _UNUSUAL.search(name)
