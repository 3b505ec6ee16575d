"""Byte and token mutations for fuzzing: one seed file, another to splice from, and a random source."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    Mutation = Callable[[Random, bytearray, bytes], None]

# Values at which lengths, counts and offsets overflow, in bytes of either order.
_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63 - 1, 2**64 - 1)
_TOKEN = re.compile(rb'-?\d[\d.eE+]*|"(?:[^"\\\n]|\\.){0,200}"|true|false|null|[\[\]{}=,:]')
_TOKENS = (
    *(b"0", b"-1", b"1e999", b"9" * 400, b"18446744073709551616", b'""', b"null", b"true", b"[]", b"{}", b"[" * 2000),
    *(b'"' + b"x" * 70_000 + b'"', b'"\\ud800"', b'"\\u0000"', b'"../../../etc/passwd"', b"\xff\xfe", b"2026-02-30"),
)
_MOST = 6  # mutations of one case


def mutated(rng: Random, seed: bytes, other: bytes) -> bytes:
    """Return ``seed`` after one to six mutations."""
    data = bytearray(seed)
    for _ in range(rng.randint(1, _MOST)):
        rng.choice(_MUTATIONS)(rng, data, other)
    return bytes(data)


def _place(rng: Random, data: bytearray) -> int:
    return rng.randrange(len(data) + 1)


def _flip(rng: Random, data: bytearray, _other: bytes) -> None:
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _byte(rng: Random, data: bytearray, _other: bytes) -> None:
    if data:
        data[rng.randrange(len(data))] = rng.randrange(256)


def _number(rng: Random, data: bytearray, _other: bytes) -> None:
    width = rng.choice((1, 2, 4, 8))
    at = _place(rng, data)
    value = rng.choice(_NUMBERS) % (1 << 8 * width)
    data[at : at + width] = value.to_bytes(width, rng.choice(("big", "little")))


def _truncate(rng: Random, data: bytearray, _other: bytes) -> None:
    del data[_place(rng, data) :]


def _remove(rng: Random, data: bytearray, _other: bytes) -> None:
    at = _place(rng, data)
    del data[at : at + rng.choice((1, 2, 4, 16, 64, 512, 4096))]


def _repeat(rng: Random, data: bytearray, _other: bytes) -> None:
    at = _place(rng, data)
    part = data[at : at + rng.choice((1, 4, 16, 64, 512))]
    data[at:at] = part * rng.choice((1, 2, 16, 256))


def _splice(rng: Random, data: bytearray, other: bytes) -> None:
    at, start = _place(rng, data), rng.randrange(len(other) + 1)
    data[at : at + rng.choice((0, 64, 512))] = other[start : start + rng.choice((4, 64, 512, 4096))]


def _line(rng: Random, data: bytearray, _other: bytes) -> None:
    lines = bytes(data).split(b"\n")
    first, second = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[first], lines[second] = rng.choice(((lines[second], lines[first]), (lines[first], lines[first])))
    data[:] = b"\n".join(lines)


def _token(rng: Random, data: bytearray, other: bytes) -> None:
    found = [*_TOKEN.finditer(data)]
    if found:
        start, end = rng.choice(found).span()
        others = _TOKEN.findall(other[:10_000]) or [b""]
        data[start:end] = rng.choice((*_TOKENS, rng.choice(others)))


_MUTATIONS: tuple[Mutation, ...] = (
    *(_flip, _byte, _byte, _number, _number, _truncate, _remove, _repeat, _splice, _line),
    *(_token, _token, _token),
)
