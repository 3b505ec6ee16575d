"""Text in which characters are escaped: percent, backslash, HTML and quoted-printable.

A credential in such text rings in one of three ways: a character of its prefix is escaped; the prefix is raw and an
escape ends the run of raw characters after it; or it is encoded once more beneath escapes, which then stand densely.
Text that is base64 or hexadecimal for a prefix counts as a prefix: escaped line breaks may cut it.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING

from akpatrol.rings import Rings
from akpatrol.unwrap import cores
from akpatrol.unwrap.encoding import Alarm, Decoded
from akpatrol.unwrap.escape_families import FAMILIES, Family

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from akpatrol.rings import Ends

_PREFIXES = ("ak_", "pat_")
# What escapes of other families begin with: escaped themselves, they hide one in the underscore's place.
_HIDES = {"_": "_%\\&="}
_PREFIX_BYTES = 96  # the longest one with each character escaped
_RAW = tuple(
    Alarm(rb"%b(?:[0-9A-Za-z_-]{4}|[0-9A-Za-z_-]{0,3}[%%\\&=])" % prefix.encode(), needs=prefix.encode())
    for prefix in _PREFIXES
)
_SHARED = _RAW + cores.BASE64 + cores.HEXADECIMAL + cores.BASE64_MAGICS
# What base64 and credentials hold; an escape ends it.
_RUN = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-.+/"
_TOKEN = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz-."
# Neither blanks nor what encloses: quotes, brackets, commas. Braces belong to escapes.
_TEXT = _TOKEN + b"!#$%&*+/:;=?@\\^{|}~"
_LEFT_BYTES = 1024


class Escapes:
    """The encoding of one family of escapes."""

    def __init__(self, family: Family) -> None:
        self._family = family
        own = (Alarm(pattern, needs=needs) for pattern, needs in family.near + family.dense)
        self.alarms = (*_SHARED, *own)
        self._dense = len(_SHARED) + len(family.near)

    def find(
        self,
        data: bytes,
        ends: Sequence[Ends | Sequence[int]],
        known: Container[int] = (),  # noqa: ARG002 - these take no time to decode
    ) -> Iterator[Decoded]:
        """Yield the stretches of text round alarms in which there is an escape, each from blank to blank."""
        rings, end = Rings(ends), -1
        while rings:
            ring, alarm = rings.first
            place, passed = self._place(data, ring, alarm) if ring > end else (None, end)
            if place is not None:
                start, end = max(0, end, self._text_start(data, place)), self._text_end(data, place)
                text = _Text(self._family, data, start, end)
                resolved = text.resolved()
                if resolved != data[start:end]:
                    yield Decoded(self._family.name, resolved, start, end, text.span)
            rings.leave(max(passed, end))

    def _place(self, data: bytes, ring: int, alarm: int) -> tuple[int | None, int]:
        """Return a place in escaped text, if the ring tells of any, and up to where its alarm tells of no other."""
        if alarm >= self._dense:
            return ring, ring
        if alarm >= len(_SHARED):
            return self._prefix_start(data, ring), ring
        # An alarm that an introducer ended is one too far.
        stop = data.find(self._family.introducer, ring - 1)
        if stop < 0:
            return None, len(data)
        run = stop - len(data[ring - 1 : stop]) + len(data[ring - 1 : stop].rstrip(_RUN))
        if run >= ring:
            return None, run
        return (stop if self._escape.match(data, stop) else None), stop

    def _prefix_start(self, data: bytes, end: int) -> int | None:
        """Return where the prefix begins, partly escaped, that ends at ``end``."""
        start = max(0, end - _PREFIX_BYTES)
        found = self._prefix.search(data, start, end)
        return found.start() if found else None

    @cached_property
    def _escape(self) -> re.Pattern[bytes]:
        return re.compile(self._family.escape)

    @cached_property
    def _text(self) -> re.Pattern[bytes]:
        return re.compile(b"[%b]*" % re.escape(_TEXT))

    @cached_property
    def _prefix(self) -> re.Pattern[bytes]:
        """A prefix that ends where the search does; each character is raw or escaped."""
        spelled = (
            b"".join(b"(?:%c|%b)" % (ord(one), self._family.spell(_HIDES.get(one, one))) for one in prefix)
            for prefix in _PREFIXES
        )
        return re.compile(rb"(?:" + b"|".join(spelled) + rb")\Z")

    def _text_end(self, data: bytes, position: int) -> int:
        while True:
            found = self._text.match(data, position)
            position = found.end() if found else position
            joint = next((one for one in self._family.joints if data.startswith(one, position - 1)), b"")
            if not joint:
                return position
            position += len(joint) - 1

    def _text_start(self, data: bytes, position: int) -> int:
        """Return where the text begins that goes on to ``position``, at most 2 KiB before; no name is cut."""
        for characters in (_TEXT, _TOKEN):
            first = max(0, position - _LEFT_BYTES)
            while True:
                position = first + len(data[first:position].rstrip(characters))
                joint = next((one for one in self._family.joints if data.endswith(one, first, position)), b"")
                if not joint:
                    break
                position -= len(joint)
            if position > first:
                break
        return position


class _Text:
    """``data[start:end]``; where its bytes stand is found out only when asked, for few texts hold a hit."""

    def __init__(self, family: Family, data: bytes, start: int, end: int) -> None:
        self._resolve = family.resolve
        self._escape = re.compile(family.escape)
        self._data = data
        self._start = start
        self._end = end

    def resolved(self) -> bytes:
        """Return what stands there without escapes."""
        resolved = bytearray()
        position = self._start
        for found in self._found():
            resolved += self._data[position : found.start()]
            resolved += self._resolve(found[0])
            position = found.end()
        resolved += self._data[position : self._end]
        return bytes(resolved)

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Return what ``[first, last)`` of the resolved text was made of."""
        start, _ = self._byte(first)
        return (start, self._byte(last - 1)[1]) if last > first else (start, start)

    def _byte(self, offset: int) -> tuple[int, int]:
        ends, firsts, lasts = self._escapes
        index = bisect_right(ends, offset)
        place = lasts[index - 1] + offset - ends[index - 1] if index else self._start + offset
        if index < len(firsts) and place >= firsts[index]:
            return firsts[index], lasts[index]
        return place, min(place + 1, self._end)

    @cached_property
    def _escapes(self) -> tuple[array[int], array[int], array[int]]:
        """For each escape: where in the resolved text it ends, and where in the data it starts and ends."""
        ends, firsts, lasts = array("q"), array("q"), array("q")
        shift = -self._start
        for found in self._found():
            shift += len(self._resolve(found[0])) - len(found[0])
            ends.append(found.end() + shift)
            firsts.append(found.start())
            lasts.append(found.end())
        return ends, firsts, lasts

    def _found(self) -> Iterator[re.Match[bytes]]:
        # Not of a slice: an escape may depend on what stands before the text.
        return self._escape.finditer(self._data, self._start, self._end)


ESCAPES = tuple(Escapes(family) for family in FAMILIES)
