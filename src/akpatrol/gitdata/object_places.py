"""Where the objects of one pack stand: for each a path, and the oldest commit that holds it there.

Only findings ask for it. Then all commits and trees of the pack are read once: of a tree only the numbers of its
children are kept, and names are read again for the few that are asked for. Ids are cut to ``SHORT`` bytes, which
makes a wrong place as likely as a wrong guess of 48 bits.
"""

from __future__ import annotations

import re
from array import array
from functools import lru_cache, partial
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from akpatrol.gitdata.inflate import BrokenObjectError, HugeObjectError, patched
from akpatrol.gitdata.raw_object import TYPES
from akpatrol.gitdata.rebuild import Rebuild

if TYPE_CHECKING:
    from collections.abc import Callable

    from akpatrol.gitdata.pack_bytes import PackBytes
    from akpatrol.gitdata.pack_layout import PackLayout

SHORT = 6
# More would take too much memory, or too long: then there are no places.
_MOST_EDGES, _MOST_OBJECTS = 6 << 20, 300_000
_LARGEST_TREE, _HELD_BYTES = 2 << 20, 16 << 20
_MOST_DEPTH, _MOST_STEPS = 256, 1_000_000
_ID = rb"(?:[0-9a-f]{64}|[0-9a-f]{40})"
_COMMIT = re.compile(rb"tree (%b)\n((?:parent %b\n)*)" % (_ID, _ID))
_DATE = re.compile(rb"\ncommitter [^\n]*> (\d{1,12}) ")
_COMMIT_HEAD_BYTES = 64 << 10


class ObjectPlaces:
    """The places of a pack's blobs and trees; ``check`` is called now and then, and may raise."""

    def __init__(self, pack: PackBytes, layout: PackLayout, check: Callable[[], None] = lambda: None) -> None:
        self._layout = layout
        # Deltas that are named by an id are found once more: another reader is in the middle of doing so.
        self._bases = array("i", layout.entries.bases)
        kinds = bytes(kind if TYPES.get(kind) not in ("blob", "tag") else 0 for kind in layout.entries.kinds)
        entries = layout.entries._replace(kinds=kinds, bases=self._bases)
        named = partial(layout.resolve, self._bases)
        self._rebuild = Rebuild(entries, pack, huge=_LARGEST_TREE, budget=_HELD_BYTES, rebuilt=named)
        self._steps = _MOST_STEPS
        self._numbers: dict[bytes, int] = {}
        self._edges = array("I")
        # For each tree: its entry, and where its edges are.
        self._trees: dict[int, tuple[int, int, int]] = {}
        self._commits: list[tuple[int, bytes, int, list[bytes]]] = []
        self._first = array("I")
        self._parents = array("I")
        self._data = lru_cache(maxsize=16)(self._content)
        if self._read(check):
            self._spread(self._in_order(), check)

    def place(self, short: bytes) -> tuple[bytes, bytes] | None:
        """Return the path of a blob or tree and the short id of the commit; None where no commit is known."""
        number = self._numbers.get(short, -1)
        if not 0 <= number < len(self._first) or not self._first[number]:
            return None
        commit = self._commits[self._first[number] - 1][1]
        names: list[bytes] = []
        while (parent := self._parents[number] - 1) >= 0:
            name = self._name(self._trees[parent][0], number)
            if name is None or len(names) >= _MOST_DEPTH:
                return None
            names.append(name)
            number = parent
        return b"/".join(reversed(names)), commit

    def _read(self, check: Callable[[], None]) -> bool:
        """Read all commits and trees; return whether they are few enough."""
        layout, numbers, edges = self._layout, self._numbers, self._edges
        children = re.compile(rb"\0(.{%d}).{%d}" % (SHORT, layout.entries.id_bytes - SHORT), re.DOTALL)
        for entry, type_, data in self._rebuild.objects():
            if data is None:
                continue
            short = layout.id(type_, data)[:SHORT]
            if type_ == "tree":
                start = len(edges)
                edges.extend([numbers.setdefault(child, len(numbers)) for child in children.findall(data)])
                self._trees[numbers.setdefault(short, len(numbers))] = entry, start, len(edges)
                if len(edges) > _MOST_EDGES or len(numbers) > _MOST_OBJECTS:
                    return False
            elif found := _COMMIT.match(data):
                date = _DATE.search(data, 0, _COMMIT_HEAD_BYTES)
                tree = numbers.setdefault(bytes.fromhex(found[1].decode())[:SHORT], len(numbers))
                parents = [bytes.fromhex(line[7:].decode())[:SHORT] for line in found[2].split(b"\n") if line]
                self._commits.append((int(date[1]) if date else 0, short, tree, parents))
            if not entry & 255:
                check()
        return True

    def _in_order(self) -> list[int]:
        """Return the numbers of the commits, parents first, and older ones before newer ones."""
        known = {commit[1]: number for number, commit in enumerate(self._commits)}
        children: dict[int, list[int]] = {}
        missing = array("I", [0]) * len(self._commits)
        for number, (_, _, _, parents) in enumerate(self._commits):
            for parent in {known[parent] for parent in parents if parent in known}:
                children.setdefault(parent, []).append(number)
                missing[number] += 1
        ready = [(self._commits[number][0], number) for number, count in enumerate(missing) if not count]
        heapify(ready)
        order = []
        while ready:
            _, number = heappop(ready)
            order.append(number)
            for child in children.get(number, ()):
                missing[child] -= 1
                if not missing[child]:
                    heappush(ready, (self._commits[child][0], child))
        return order

    def _spread(self, order: list[int], check: Callable[[], None]) -> None:
        """Note for each object the first commit that holds it, and the tree in which it was met."""
        first, parents = array("I", [0]) * len(self._numbers), array("I", [0]) * len(self._numbers)
        trees, edges = self._trees, self._edges
        for commit in order:
            root = self._commits[commit][2]
            if first[root]:
                continue
            first[root] = commit + 1
            stack = [root]
            while stack:
                tree = stack.pop()
                if tree not in trees:
                    continue
                _, start, stop = trees[tree]
                for child in edges[start:stop]:
                    if not first[child]:
                        first[child], parents[child] = commit + 1, tree + 1
                        if child in trees:
                            stack.append(child)
            check()
        self._first, self._parents = first, parents

    def _name(self, entry: int, number: int) -> bytes | None:
        """Return the name of a child in a tree."""
        width = self._layout.entries.id_bytes
        for found in re.finditer(rb"[0-7]+ ([^\0]*)\0(.{%d})" % width, self._data(entry), re.DOTALL):
            if self._numbers.get(found[2][:SHORT]) == number:
                return found[1]
        return None

    def _content(self, entry: int) -> bytes:
        """Return an object that was read before."""
        way = [entry]
        while self._bases[way[-1]] >= 0:
            way.append(self._bases[way[-1]])
        self._steps -= len(way)
        if self._steps < 0:
            return b""
        try:
            data = self._rebuild.stored(way.pop())
            while way:
                data = patched(data, self._rebuild.stored(way.pop()), _LARGEST_TREE)
        except (BrokenObjectError, HugeObjectError):
            return b""
        return data
