"""Git directories among the members of an archive: what their names say is missing.

Their packs and loose objects are opened by their content, like everything else
(https://git-scm.com/docs/gitrepository-layout).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACK = re.compile(rb"((?:.*/)?)objects/pack/(pack-[0-9a-f]{40,64})\.(pack|idx|promisor)", re.DOTALL)
_OBJECT = re.compile(rb"((?:.*/)?)objects/[0-9a-f]{2}/[0-9a-f]{38,62}", re.DOTALL)
_ALTERNATES = re.compile(rb"((?:.*/)?)objects/info/(?:http-)?alternates", re.DOTALL)
_SHALLOW = re.compile(rb"((?:.*/)?)shallow", re.DOTALL)
# So many names are kept, up to this length.
_MOST, _LONGEST = 20_000, 4096


class Missing(NamedTuple):
    """What a git directory lacks, and why."""

    directory: bytes
    reason: str


class GitDirectories:
    """Collects the names of an archive's members that tell what its git directories lack."""

    def __init__(self) -> None:
        self._packs: set[tuple[bytes, bytes]] = set()
        self._indexes: set[tuple[bytes, bytes]] = set()
        self._stores: set[bytes] = set()
        self._promised: set[bytes] = set()
        self._borrowing: set[bytes] = set()
        self._shallow: set[bytes] = set()
        self._noted = 0

    def note(self, name: bytes) -> None:
        """Note the name of a member."""
        if b"objects/" not in name and not name.endswith(b"shallow"):
            return
        if self._noted >= _MOST or len(name) > _LONGEST:
            return
        if found := _PACK.fullmatch(name):
            self._noted += 1
            self._stores.add(found[1])
            if found[3] == b"promisor":
                self._promised.add(found[1])
            else:
                (self._packs if found[3] == b"pack" else self._indexes).add((found[1], found[2]))
        elif found := _OBJECT.fullmatch(name):
            self._noted += found[1] not in self._stores
            self._stores.add(found[1])
        elif found := _ALTERNATES.fullmatch(name):
            self._noted += 1
            self._borrowing.add(found[1])
        elif found := _SHALLOW.fullmatch(name):
            self._noted += 1
            self._shallow.add(found[1])

    def missing(self) -> Iterator[Missing]:
        """Yield what is missing, by directory."""
        alone: dict[bytes, int] = {}
        for directory, _ in self._indexes - self._packs:
            alone[directory] = alone.get(directory, 0) + 1
        shallow = self._shallow & self._stores
        for stored in sorted({*alone, *self._borrowing, *self._promised, *shallow}):
            directory = stored.rstrip(b"/")
            if stored in alone:
                packs = f"{alone[stored]:,} packs" if alone[stored] > 1 else "a pack"
                yield Missing(directory, f"git directory: {packs} not in it, although the index is")
            if stored in self._borrowing:
                reason = "it borrows objects (objects/info/alternates), which may not be in this archive"
                yield Missing(directory, f"git directory: {reason}")
            if stored in self._promised:
                yield Missing(directory, "git directory: a partial clone: the objects that it left out are not in it")
            if stored in shallow:
                yield Missing(directory, "git directory: a shallow clone: older commits are not in it")
