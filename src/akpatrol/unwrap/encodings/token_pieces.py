"""Follow one token from piece to piece, and put the pieces together.

A token that could be whole before a joint goes on only where a language says so, or where what follows looks random.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, takewhile
from typing import TYPE_CHECKING

from akpatrol.kinds import KINDS
from akpatrol.unwrap.encodings.encoding import Decoded
from akpatrol.unwrap.encodings.joints import Joint, is_joined_list, within_a_line
from akpatrol.unwrap.encodings.lazy_pattern import lazy
from akpatrol.unwrap.encodings.line_joints import is_random, streamed, streamed_under, width, wrapped
from akpatrol.unwrap.encodings.token_text import JOINT_BYTES, LONGEST, NOISE, TOKEN

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Sequence

    from akpatrol.scan.work import Work

    Piece = tuple[int, int]

_MOST_BYTES = 64 << 10  # from its first piece to its last
_LEFT, _RIGHT = 16, 4  # bytes around the token that the judge may look at
_UNKNOWN = 24  # characters of a token of a user's rule that may be whole
_BEGUN, _TRIED = 20, 10  # steps of work for a token and for a joint

_RUN = lazy(TOKEN + rb"*")
_NOISE = lazy(NOISE)


def joined_token(data: bytes, start: int, literal: re.Pattern[bytes], work: Work | None) -> Decoded | None:
    """Return the token that begins at ``start`` with its pieces joined; None for one piece, or without ``literal``."""
    token = _Token(data, start, literal)
    if work:
        work.left -= _BEGUN
    for _ in token.joined():
        if work:
            work.left -= _TRIED
    pieces, joints = token.pieces, token.joints
    if not joints or not literal.match(token.text):
        return None
    if token.kind == "list" and not is_joined_list(data, start, pieces[-1][1]):
        return None
    first = max(0, start - _LEFT)
    if _NOISE.search(data, first, start) or literal.search(data, first, start):
        first = start  # what is decoded with the token holds no other
    is_guess = any(joint.kind in ("wrapped", "break") or (token.is_whole and not joint.is_sure) for joint in joints)
    return _decoded(data, first, pieces, is_guess=is_guess)


class _Token:
    """The pieces of a token so far; ``is_whole`` says that the first may be all of it."""

    def __init__(self, data: bytes, start: int, literal: re.Pattern[bytes]) -> None:
        self._data = data
        self._literal = literal
        self._place = start
        self._behind = start
        self.pieces: list[Piece] = []
        self.joints: list[Joint] = []
        self.text = b""
        self.kind = ""
        self._add()
        self.is_whole = _may_be_whole(self.text)
        self._stream = streamed_under(data, start) if data[self._behind : self._behind + 1] in b'"\\' else None

    def joined(self) -> Iterator[Joint]:
        """Yield each joint as it is found, all but marks of one kind."""
        while self._may_go_on() and (joint := self._joint()) and self._fits(joint):
            self.kind = self.kind if joint.kind == "noise" else joint.kind
            self._place = joint.end
            self.joints.append(joint)
            self._add()
            yield joint

    def _add(self) -> None:
        end = self._behind = _end(self._data, self._place)
        if self._data[end : end + 1] == b"\b":
            end -= 1  # its character is struck over
        self.pieces.append((self._place, end))
        self.text += self._data[self._place : end]

    def _may_go_on(self) -> bool:
        fits = len(self.text) <= LONGEST and self._behind - self.pieces[0][0] <= _MOST_BYTES
        return fits and self._data[self._behind : self._behind + 1] in JOINT_BYTES

    def _joint(self) -> Joint | None:
        start, end = self.pieces[-1]
        joint = streamed(self._data, end, self._stream) if self._stream else None
        if joint := joint or within_a_line(self._data, end):
            return joint
        before = self.pieces[-2] if len(self.pieces) > 1 else None
        # The last line of a paragraph is shorter than the others.
        if before and width(self._data, start, end) < width(self._data, *before):
            return None
        return wrapped(self._data, start, end, is_whole=self.is_whole, is_first=not before)

    def _fits(self, joint: Joint) -> bool:
        if (self.kind and joint.kind not in ("noise", self.kind)) or self._literal.match(self._data, joint.end):
            return False
        if not self.is_whole or joint.is_sure or joint.kind == "list":  # which a call joins, or it is none
            return True
        following = self._data[joint.end : _end(self._data, joint.end)]
        return joint.kind == "wrapped" or (joint.kind != "break" and is_random(following))


def _end(data: bytes, start: int) -> int:
    """Return where the piece that begins at ``start`` ends."""
    match = _RUN.match(data, start, start + LONGEST)
    return match.end() if match else start


def _may_be_whole(text: bytes) -> bool:
    text = text.rstrip(b".-_")
    kinds = [kind for kind in KINDS if kind.prefix and text.startswith(kind.prefix.encode())]
    return any(kind.has_form(text) for kind in kinds) if kinds else len(text) >= _UNKNOWN


def _decoded(data: bytes, first: int, pieces: Sequence[Piece], *, is_guess: bool) -> Decoded:
    """Return the pieces as one text, with what stands before the first, from ``first`` on, and behind the last."""
    start, end = pieces[0][0], pieces[-1][1]
    right = end + len(bytes(takewhile(lambda byte: byte not in b"\"'`\r\n", data[end : end + _RIGHT])))
    if _NOISE.search(data, end, right + 1):
        right = end
    parts = [(first if index == 0 else piece[0], piece[1]) for index, piece in enumerate(pieces)]
    parts[-1] = parts[-1][0], right
    offsets = list(accumulate((last - begin for begin, last in parts), initial=0))

    def place(offset: int) -> int:
        index = min(max(bisect_right(offsets, offset) - 1, 0), len(parts) - 1)
        return parts[index][0] + offset - offsets[index]

    def span(begin: int, last: int) -> tuple[int, int]:
        return (place(begin), place(last - 1) + 1) if last > begin else (place(begin), place(begin))

    text = b"".join(data[begin:last] for begin, last in parts)
    return Decoded("joined", text, start, end, span, joints=tuple(offsets[1:-1]), is_guess=is_guess)
