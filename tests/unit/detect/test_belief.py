"""Lengths that chance writes: in rows and pools whose strings are glued, no end is certain that is wrong."""

from __future__ import annotations

import marshal
import struct
from random import Random
from typing import TYPE_CHECKING

import pytest

from akpatrol.detect.engine import Engine
from akpatrol.model.scan import Confidence, End
from akpatrol.rules.rule_file import load
from tests.credentials import organization_key, personal_access_token, random_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from akpatrol.model.scan import Match

_ENGINE = Engine(load(), "automaton")
_ROWS = 250


def _credential(rng: Random) -> str:
    if rng.random() < 0.5:
        return organization_key(rng, secret_length=rng.choice((24, 32, 40, 43, 64)))
    return personal_access_token(rng, length=rng.choice((32, 40, 48, 64)))


def _columns(rng: Random, credential: str) -> list[str]:
    columns = [
        rng.choice(
            (
                *("production", "createElement", "2026-11-01T00:00:00Z", "alice@example.com", "7"),
                *(random_text(rng, "base62", rng.randrange(1, 40)), str(rng.randrange(10**6))),
            )
        )
        for _ in range(rng.randrange(1, 5))
    ]
    columns.insert(rng.randrange(len(columns) + 1), credential)
    return columns


def _innodb(rng: Random, credential: str) -> bytes:
    """MySQL, "InnoDB Row Formats", COMPACT: lengths in reverse order, nulls, a header, the key, a transaction."""
    columns = _columns(rng, credential)
    lengths = bytes(len(column) for column in reversed(columns))
    header = b"\0\0" + struct.pack(">Hh", rng.randrange(2, 200) << 3, rng.randrange(20, 400))
    key = struct.pack(">I", 0x80000000 | rng.randrange(1, 100_000))
    transaction = rng.choice((b"", rng.randbytes(6) + b"\x81" + rng.randbytes(6)))
    return b"supremum" + lengths + header + key + transaction + "".join(columns).encode() + rng.choice((b"", bytes(99)))


def _offsets(rng: Random, credential: str) -> bytes:
    """Rows with the ends of the columns before them, two bytes each."""
    columns = _columns(rng, credential)
    ends = [20 + sum(map(len, columns[: number + 1])) for number in range(len(columns))]
    return b"\x30\0\x08\0" + bytes(4) + struct.pack(f"<{len(ends)}H", *ends) + "".join(columns).encode() + b"0\0\x08\0"


def _pool(rng: Random, credential: str) -> bytes:
    return rng.randbytes(64) + "".join(sorted(_columns(rng, credential), key=len)).encode() + rng.randbytes(64)


def _found(data: bytes, credential: str) -> list[Match]:
    at = data.index(credential.encode())
    return [match for match in _ENGINE.scan(data) if match.start == at]


@pytest.mark.parametrize("row", [_innodb, _offsets, _pool])
def test_glued_columns_have_no_wrong_end_for_certain(row: Callable[[Random, str], bytes]) -> None:
    """Of all credentials in such rows next to all are found, their ends as a guess; chance errs twice in a thousand."""
    wrong = found = 0
    for seed in range(_ROWS):
        rng = Random(seed)
        credential = _credential(rng)
        for match in _found(row(rng, credential), credential):
            found += 1
            wrong += match.ending is End.CERTAIN and match.secret.reveal() != credential.encode()
            assert match.ending is End.CERTAIN or match.confidence <= Confidence.MEDIUM
    assert wrong <= 1
    assert found >= 0.98 * _ROWS


@pytest.mark.parametrize("version", [2, 3, 4])
def test_strings_that_only_a_list_refers_to(version: int) -> None:
    """Marshal writes them after a letter, next to one another, so that all is text but the list's head."""
    for seed in range(60):
        rng = Random(seed)
        credential = _credential(rng)
        data = marshal.dumps(["".join(list(column)) for column in _columns(rng, credential)], version)
        (match,) = _found(data, credential)
        assert (match.secret.reveal(), match.ending) == (credential.encode(), End.CERTAIN)


def test_strings_of_erlang() -> None:
    """External term format: a letter and four bytes of length, the next string's letter right behind."""
    key = organization_key(Random(1))
    data = b"\x83l\0\0\0\2" + b"".join(b"m" + struct.pack(">I", len(text)) + text.encode() for text in (key, "more"))
    (match,) = _found(data + b"j", key)
    assert (match.secret.reveal(), match.ending) == (key.encode(), End.CERTAIN)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"\x80\x01\x02", b""),  # the end of the data ends no column
        (b"\x80\0\0\n", b"\0\0"),  # the last bytes of a number that begins with zeros
        (b"\2\0E\0F\0", b"\0\0"),  # numbers of two bytes
        (b"\x80\7,", b", more\0"),  # a length that is a delimiter
        (b"\x80,", b"\n\4\1\0"),  # a length that ends no line
        (b"\x07\x2c\0\0\x10\0\xb0\x38", b"\x80\0"),  # the row's header says another length
        (b"\x07\x2c\0\0\x10\0\x80\1V'", b"z" * 70 + b"\0"),  # so it does, and a number of two bytes is no varint
    ],
)
def test_what_may_be_a_number_ends_nothing(before: bytes, after: bytes) -> None:
    key = organization_key(Random(2), secret_length=28)
    (match,) = _found(bytes(8) + b"\x1d\x01" + before + key.encode() + b"production__" + after, key)
    assert match.ending is End.UNCERTAIN
    assert match.confidence <= Confidence.MEDIUM


def test_a_string_table_of_c() -> None:
    key = organization_key(Random(3))
    for before in (b"\1\0\2\0", b"\x80\x81name\0", b"\x80usage\0"):
        (match,) = _found(b"\x7f" * 9 + before + key.encode() + b"\0more\0", key)
        assert (match.secret.reveal(), match.ending) == (key.encode(), End.CERTAIN)
