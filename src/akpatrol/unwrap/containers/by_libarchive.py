"""Open what libarchive reads, through the extra ``archives``: 7z, rar, cab and xar archives, lz4 and compress (.Z).

libarchive is large and written in C, and the archive may be hostile: it runs in a process of its own, whose end is a
skip, whatever the cause.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from akpatrol.unwrap.containers import worker
from akpatrol.unwrap.containers.container_bytes import STREAM_BYTES
from akpatrol.unwrap.containers.forms import FORMS
from akpatrol.unwrap.containers.libarchive_worker import ABSENT, FACTS, FLAW, FOLLOWED, MEMBER
from akpatrol.unwrap.containers.member import AFTER_END, Flaw, Member, Unreadable, text
from akpatrol.unwrap.containers.wholeness import HEADER_BYTES, TAIL_BYTES, has_end, is_volume
from akpatrol.unwrap.containers.worker_process import Answers, Program, StoppedError, asked, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes

# Streams without names: all their bytes are one member.
_STREAMS = ("lz4", "compress")
_FROM_THEIR_END = ("7z",)
_OTHERS: Final = {b"ISc(": "InstallShield's are not opened", b"mozLz40\0": "Mozilla's frames are not expanded"}
# The first header of a 7z archive, which is all of an empty one; the other forms are larger.
_SEVEN_ZIP_BYTES = 32
# Some archives make libarchive loop.
PROGRAM = Program("akpatrol.unwrap.containers.libarchive_worker", ("libarchive",), reused=False, silent_seconds=30)


def members(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield the members. Raises OverLimit and OSError; all else is a flaw."""
    title = FORMS[source.kind].title
    for magic, reason in _OTHERS.items():
        if source.peek(len(magic)) == magic:
            yield Flaw(f"{title}: {reason}")
            return
    if place("libarchive") is None:
        yield Flaw(f"{title}: {_is_not(source.kind)}: install akpatrol[archives]")
        return
    at, size, beginning = source.at, source.size, source.peek(HEADER_BYTES)
    if at is None and source.kind in _FROM_THEIR_END:
        at, size = source.anywhere()
        if at is None:
            yield Flaw(f"{title}: it is not opened in a stream of more than {STREAM_BYTES >> 20} MiB")
            return
    if is_volume(beginning):
        yield Flaw(f"{title}: it is one volume of several: what continues in another is not read")
    if (end := _end(beginning)) is not None and size is not None and end < size:
        yield Flaw(f"{AFTER_END} at byte {end} is not {source.kind}")
    forward = _Forward(source)
    given = at or forward.given
    facts = {"kind": source.kind, "size": -1 if at is None or size is None else size}
    with asked(PROGRAM, facts, given, level) as answers:
        reader = _Contents(answers, level, source.kind)
        try:
            yield from reader.members()
        except StoppedError:
            yield Flaw(f"{title}: libarchive stopped while reading it")
            return
    tail = at(max(0, size - TAIL_BYTES), TAIL_BYTES) if at and size is not None else forward.tail()
    if reason := reader.failure or _nothing(level, size) or ("" if has_end(beginning, tail) else "truncated"):
        yield Flaw(f"{title}: {reason}")


def _is_not(kind: str) -> str:
    return f"it is not {'expanded' if kind in _STREAMS else 'opened'}"


def _nothing(level: Level, size: int | None) -> str:
    return "" if level.members or (size is not None and size <= _SEVEN_ZIP_BYTES) else "libarchive finds nothing in it"


def _end(beginning: bytes) -> int | None:
    """Return where a 7z archive ends: its last header is last (7zFormat.txt, "SignatureHeader")."""
    if not beginning.startswith(b"7z") or len(beginning) < _SEVEN_ZIP_BYTES:
        return None
    offset, size = struct.unpack_from("<2Q", beginning, 12)
    return _SEVEN_ZIP_BYTES + int(offset) + int(size)


class _Forward:
    """Gives bytes of a stream, from front to back."""

    def __init__(self, source: ContainerBytes) -> None:
        self._source = source
        self._last = b""

    def given(self, offset: int, number: int) -> bytes:
        """Return the next bytes."""
        if offset != self._source.offset:
            raise StoppedError
        data = self._source.read(number)
        self._last = (self._last + data)[-TAIL_BYTES:]
        return data

    def tail(self) -> bytes:
        """Return the last bytes, after passing over those that were not asked for."""
        for piece in self._source.rest():
            self._last = (self._last + piece)[-TAIL_BYTES:]
        return self._last


class _Contents:
    """The members that the process sends; ``failure`` is why the rest of the archive cannot be read."""

    def __init__(self, answers: Answers, level: Level, kind: str) -> None:
        self._answers = answers
        self._level = level
        self._kind = kind
        self.failure = ""

    def members(self) -> Iterator[Member | Flaw]:
        while (answer := self._answers.next())[0] != worker.END:
            letter, body = answer
            if letter == ABSENT:
                self.failure = f"{_is_not(self._kind)}: install the library libarchive"
            elif letter == worker.FAILED:
                self.failure = _reason(body)
            elif letter == MEMBER:
                yield self._member(body)
                for _ in self._answers.pieces():  # what was not wanted of it
                    pass
            elif letter == FOLLOWED:
                yield Flaw(f"{AFTER_END} is not {self._kind}")
            elif letter == FLAW:
                yield Flaw(f"{FORMS[self._kind].title}: {_reason(body)}")
            else:
                raise StoppedError

    def _member(self, body: bytes) -> Member:
        self._level.member()
        if len(body) < FACTS.size:
            raise StoppedError
        encrypted, length = FACTS.unpack_from(body)
        names = body[FACTS.size :]
        name, link = names[:length], names[length:]
        if self._kind in _STREAMS:
            return Member(self._kind, (), self._pieces())
        label = f"{self._kind}:{text(name)}"
        if link:
            return Member(label, (name, link))
        if encrypted:
            return Member(label, (name,), flaw="encrypted")
        return Member(label, (name,), self._pieces())

    def _pieces(self) -> Iterator[bytes]:
        yield from self._answers.pieces()
        letter, body = self._answers.peek()
        if letter == FLAW:
            self._answers.next()
            raise Unreadable(_reason(body))


def _reason(code: bytes) -> str:
    return worker.REASONS.get(code, "damaged")
