"""Partition a pack into slices: every slice holds whole delta trees, or a part of one and the chain that leads to it.

A delta tree is an object that is stored whole and all its direct and indirect deltas. Entries are validated when they
are read; here an entry with a broken header is a delta tree of its own.
"""

from __future__ import annotations

import mmap
from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.gitdata.entries import PACK_HEADER_BYTES, Entries
from akpatrol.model.scan import Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.sources.git.packs.pack_index import PackIndex

# A slice makes about this many bytes of content, and has at most this many entries.
SLICE_BYTES = 24 << 20
SLICE_ENTRIES = 16_384
# Small delta trees are put together to at most this size, and of a small pack to a part of it: near the end of a scan
# no process should wait long for another.
_GROUP_BYTES, _LEAST_GROUP_BYTES, _GROUPS = SLICE_BYTES // 2, 1 << 19, 72
# Commits and tags, trees, and blobs with all that is broken.
_TURNS, _OTHERS = {1: 0, 4: 0, 2: 1}, 2
# A dict over more entries would take too much memory; bisecting takes four times as long.
_ENTRIES_IN_DICT = 1 << 20
# The fixed cost of an entry, in bytes of content.
_ENTRY_BYTES = 1024
_MOST_BITS = 63
_UNKNOWN, _CIRCLE = -1, -2
_OFS_DELTA, _REF_DELTA = 0x60, 0x70


class Layout(NamedTuple):
    """Entries of a pack in the order of their offsets: their numbers in the index, and where they start and end."""

    order: array[int]
    offsets: array[int]
    ends: array[int]


def layout(pack: mmap.mmap, index: PackIndex) -> Layout:
    """Return the layout of all entries."""
    order = array("I", sorted(range(index.number), key=index.offsets.__getitem__))
    offsets = array("Q", map(index.offsets.__getitem__, order))
    ends = offsets[1:]
    ends.append(max(len(pack) - index.id_bytes, 0))
    return Layout(order, offsets, ends)


def slices(
    path: bytes, pack: mmap.mmap, index: PackIndex, repeated: bytes, within: Layout | None = None
) -> Iterator[Entries | Skipped]:
    """Yield a pack's entries in slices, without the delta trees whose objects are all marked with 1 in ``repeated``.

    ``within`` has the entries to yield and all their bases, if these are not all entries of the pack.
    """
    order, offsets, ends = within or layout(pack, index)
    headers = _headers(pack, index, order, offsets)
    parents, kinds, sizes, header_bytes = headers
    # All pages were read and are no longer needed; they would count as this process's memory.
    pack.madvise(mmap.MADV_DONTNEED)
    roots = _roots(parents)
    for member, root in enumerate(roots) if _CIRCLE in roots else ():
        # git would follow them forever.
        if root == _CIRCLE and not (repeated and repeated[order[member]]):
            yield Skipped(index.id(order[member]).hex(), "corrupt object: delta cycle")
    for members, way in _cut(roots, headers):
        # The bases of a part come before it, wherever they are in the pack.
        bases = set(members[:way])
        numbers = sorted(members) if way else members
        positions = list(map(order.__getitem__, numbers))
        silent = bytes(map(repeated.__getitem__, positions)) if repeated else bytes(len(members))
        if bases:
            silent = bytes(mark or number in bases for number, mark in zip(numbers, silent, strict=True))
        if 0 in silent:
            local = dict(zip(numbers, range(len(numbers)), strict=True))
            yield Entries(
                path,
                index.id_bytes,
                array("Q", map(offsets.__getitem__, numbers)),
                array("Q", map(ends.__getitem__, numbers)),
                index.joined(positions),
                array("I", map(index.crcs.__getitem__, positions) if index.crcs else ()),
                silent,
                bytes(map(kinds.__getitem__, numbers)),
                array("Q", map(sizes.__getitem__, numbers)),
                bytes(map(header_bytes.__getitem__, numbers)),
                array("i", [local.get(parents[number], -1) for number in numbers]),
            )


class _Headers(NamedTuple):
    """The headers of all entries, in the order of their offsets, as ``Entries`` describes them."""

    parents: array[int]
    kinds: bytearray
    sizes: array[int]
    header_bytes: bytearray


def _headers(pack: mmap.mmap, index: PackIndex, order: array[int], offsets: array[int]) -> _Headers:
    """Read all headers; an entry without a valid one has the kind 0."""
    parents, sizes = array("i", [-1]) * len(order), array("Q", [0]) * len(order)
    kinds, header_bytes = bytearray(len(order)), bytearray(len(order))
    at, id_bytes = _locator(offsets), index.id_bytes
    for number, offset in enumerate(offsets):
        start = offset
        try:
            byte = pack[offset]
            kind, size, shift = byte & 0x70, byte & 15, 4
            while byte > 127:  # noqa: PLR2004 - the highest bit says that more follow
                offset += 1  # noqa: PLW2901 - the hot loop of a scan
                byte = pack[offset]
                size |= (byte & 127) << shift
                shift += 7
                if shift > _MOST_BITS:
                    kind = size = 0
                    break
            sizes[number] = size
            if kind == _OFS_DELTA:
                offset += 1  # noqa: PLW2901
                byte = pack[offset]
                distance = byte & 127
                while byte > 127 and distance < offset:  # noqa: PLR2004
                    offset += 1  # noqa: PLW2901
                    byte = pack[offset]
                    distance = ((distance + 1) << 7) | (byte & 127)
                parents[number] = at(start - distance, -1)
            elif kind == _REF_DELTA:
                position = index.find(pack[offset + 1 : offset + 1 + id_bytes])
                parents[number] = at(index.offsets[position], -1) if position >= 0 else -1
                offset += id_bytes  # noqa: PLW2901
            kinds[number], header_bytes[number] = kind >> 4, offset + 1 - start
        except IndexError:
            continue
    for number in range(bisect_left(offsets, PACK_HEADER_BYTES)):
        kinds[number] = 0
    return _Headers(parents, kinds, sizes, header_bytes)


def _locator(offsets: array[int]) -> Callable[[int, int], int]:
    """Return a function that gives the number of the entry at an offset, or its default."""
    if len(offsets) <= _ENTRIES_IN_DICT:
        return dict(zip(offsets, range(len(offsets)), strict=True)).get

    def bisected(offset: int, otherwise: int) -> int:
        number = bisect_left(offsets, max(0, offset))
        return number if number < len(offsets) and offsets[number] == offset else otherwise

    return bisected


def _roots(parents: array[int]) -> array[int]:
    """Return the root of each entry's delta tree, ``_CIRCLE`` for entries in a delta cycle."""
    roots = array("i", [_UNKNOWN]) * len(parents)
    later = []
    for number, parent in enumerate(parents):
        if parent < 0:
            roots[number] = number
        elif parent < number and roots[parent] >= 0:
            roots[number] = roots[parent]
        else:
            later.append(number)  # a base named by its id can come after its delta
    for number in later:
        way: dict[int, None] = {}
        step = number
        while roots[step] == _UNKNOWN and step not in way:
            way[step] = None
            step = parents[step]
        root = _CIRCLE if roots[step] == _UNKNOWN else roots[step]
        for each in way:
            roots[each] = root
    return roots


def _cut(roots: array[int], headers: _Headers) -> Iterator[tuple[Sequence[int], int]]:
    """Yield the entries of a slice, and how many at the front are only bases of the others."""
    parents, sizes = headers.parents, headers.sizes
    grouped = _grouped(roots, headers)
    slices = [array("I") for _ in grouped.kinds]
    for number, root in enumerate(roots):
        if root >= 0:
            slices[grouped.groups[root]].append(number)
    # The last slices to be read should be short: the large delta trees come first.
    for root in reversed(grouped.large):
        fit = max(1, min(SLICE_ENTRIES, SLICE_BYTES // (sizes[root] + _ENTRY_BYTES)))
        yield from _parts(slices.pop(), root, parents, fit)
    # Commits come last and trees before them: they take the least and the most certain time, without archives to open.
    for group in sorted(range(len(slices)), key=grouped.kinds.__getitem__, reverse=True):
        yield slices[group], 0
        slices[group] = array("I")


class _Grouped(NamedTuple):
    """The number of each root's slice, the kind of each slice, and the roots of the delta trees that need several.

    Slices of these come last.
    """

    groups: array[int]
    kinds: list[int]
    large: list[int]


def _grouped(roots: array[int], headers: _Headers) -> _Grouped:
    # A delta's result is about as large as the root of its tree.
    sizes = headers.sizes
    members = array("I", [0]) * len(roots)
    for root in roots:
        if root >= 0:
            members[root] += 1
    fitting = sum(number * (size + _ENTRY_BYTES) for number, size in zip(members, sizes, strict=True)) // _GROUPS
    group_bytes = min(_GROUP_BYTES, max(_LEAST_GROUP_BYTES, fitting))
    groups, kinds, large = array("i", [-1]) * len(roots), list[int](), list[int]()
    # The slice that the next entries of a kind go to, with its bytes and its entries.
    filling, costs, counts = ([-1] * (_OTHERS + 1) for _ in range(3))
    for root, number in enumerate(members):
        if not number:
            continue
        cost = number * (sizes[root] + _ENTRY_BYTES)
        if cost > 2 * SLICE_BYTES or number > 2 * SLICE_ENTRIES:
            large.append(root)
            continue
        kind = _TURNS.get(headers.kinds[root], _OTHERS)
        costs[kind] += cost
        counts[kind] += number
        if filling[kind] < 0 or costs[kind] > group_bytes or counts[kind] > SLICE_ENTRIES:
            filling[kind], costs[kind], counts[kind] = len(kinds), cost, number
            kinds.append(kind)
        groups[root] = filling[kind]
    for number, root in enumerate(large, len(kinds)):
        groups[root] = number
    return _Grouped(groups, kinds + [_OTHERS] * len(large), large)


def _parts(family: Sequence[int], root: int, parents: array[int], number: int) -> Iterator[tuple[list[int], int]]:
    """Yield a delta tree in parts of about ``number`` entries, each after the bases that lead to it."""
    children: dict[int, list[int]] = {}
    for member in family:
        if member != root:
            children.setdefault(parents[member], []).append(member)
    # Depth first: the base of an entry is in the same part, or leads to the part's first entry.
    order, stack = [], [root]
    while stack:
        member = stack.pop()
        order.append(member)
        stack += children.get(member, ())
    start = 0
    while start < len(order):
        way, step = [], parents[order[start]]
        while step >= 0:
            way.append(step)
            step = parents[step]
        # Never more bases than entries, however deep a delta tree is.
        stop = start + max(number, len(way))
        yield [*reversed(way), *order[start:stop]], len(way)
        start = stop
