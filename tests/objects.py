"""Object databases as git and as the fast reader give them, and packs written by hand."""

from __future__ import annotations

import hashlib
import os
import zlib
from typing import TYPE_CHECKING

from akpatrol.gitdata.raw_object import RawBatch, RawObject
from akpatrol.model.scan import Skipped, Uncacheable
from akpatrol.sources.git import repository
from akpatrol.sources.git.packs import plan, slices
from akpatrol.sources.git.runner import Git

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from akpatrol.sources.git.packs.object_slices import Slice
    from tests.repositories import Repository

Objects = dict[str, tuple[str, str]]


def git_of(repo: Repository, hook: Mapping[str, str] | None = None) -> Git:
    found = repository.find(os.fsencode(repo.path))
    assert found
    return Git(found, hook, common=True)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def truth(repo: Repository, variables: Mapping[str, str] | None = None) -> Objects:
    """Return type and digest of every object, by git."""
    output = repo.raw("cat-file", "--batch-all-objects", "--batch", "--buffer", variables=variables or {})
    found, position = {}, 0
    while position < len(output):
        end = output.index(b"\n", position)
        id_, type_, size = output[position:end].decode().split()
        position = end + 1 + int(size) + 1
        found[id_] = type_, digest(output[end + 1 : position - 1])
    return found


def each(found: Iterable[RawObject | RawBatch | Skipped]) -> Iterator[RawObject | Skipped]:
    """Yield each object, also those of batches."""
    for item in found:
        if isinstance(item, RawBatch):
            for number, data in enumerate(item.contents):
                yield RawObject(item.id(number), item.types[number], len(data), data)
        else:
            yield item


def read_part(part: Slice, git: Git) -> Iterable[tuple[str, str, str] | Skipped]:
    for item in each(slices.read(part, git)):
        if isinstance(item, Uncacheable):
            continue
        if isinstance(item, Skipped):
            yield item
            continue
        if item.read:
            data = b"".join(iter(lambda: item.read(1000), b""))  # type: ignore[misc] # noqa: B023 - used at once
        else:
            assert item.data is not None
            data = item.data
        if len(data) == item.size:
            yield item.id, item.type, digest(data)


def read(git: Git) -> tuple[Objects, list[Skipped]]:
    """Return type and digest of every object, by the fast reader, which has to give each once."""
    objects: Objects = {}
    skips: list[Skipped] = []
    for part in plan.plan(git):
        for item in [part] if isinstance(part, Skipped) else read_part(part, git):
            if isinstance(item, Skipped):
                skips.append(item)
                continue
            id_, type_, content = item
            assert id_ not in objects, "each object once"
            objects[id_] = type_, content
    return objects, skips


def header(type_: int, size: int) -> bytes:
    """Return an entry's header: gitformat-pack(5)."""
    byte, size, out = type_ << 4 | size & 15, size >> 4, bytearray()
    while size:
        out.append(byte | 128)
        byte, size = size & 127, size >> 7
    out.append(byte)
    return bytes(out)


def number(value: int) -> bytes:
    """Return a size as a delta writes it."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def whole(type_: int, content: bytes, size: int | None = None) -> bytes:
    return header(type_, len(content) if size is None else size) + zlib.compress(content)


def ref_delta(base: bytes, delta: bytes) -> bytes:
    return header(7, len(delta)) + base + zlib.compress(delta)


def ofs_delta(distance: int, delta: bytes) -> bytes:
    out = [distance & 127]
    while distance := distance >> 7:
        distance -= 1
        out.append(distance & 127 | 128)
    return header(6, len(delta)) + bytes(reversed(out)) + zlib.compress(delta)


def plant(repo: Repository, entries: list[tuple[bytes, bytes]], name: str = "planted") -> None:
    """Write a pack of (id, entry), and an index that believes them."""
    pack, rows = b"PACK" + (2).to_bytes(4, "big") + len(entries).to_bytes(4, "big"), []
    for id_, entry in entries:
        rows.append((id_, zlib.crc32(entry), len(pack)))
        pack += entry
    pack += hashlib.sha1(pack, usedforsecurity=False).digest()
    rows.sort()
    fan_out = [sum(id_[0] <= byte for id_, _, _ in rows) for byte in range(256)]
    index = b"\xfftOc" + b"".join(n.to_bytes(4, "big") for n in (2, *fan_out)) + b"".join(id_ for id_, _, _ in rows)
    index += b"".join(crc.to_bytes(4, "big") for _, crc, _ in rows)
    index += b"".join(offset.to_bytes(4, "big") for _, _, offset in rows) + pack[-20:]
    index += hashlib.sha1(index, usedforsecurity=False).digest()
    directory = repo.git_dir / "objects" / "pack"
    directory.mkdir(exist_ok=True)
    (directory / f"pack-{name}.pack").write_bytes(pack)
    (directory / f"pack-{name}.idx").write_bytes(index)
