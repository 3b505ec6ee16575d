"""Hex in a row, in pairs, in arrays and in dumps."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from akpatrol.unwrap.encodings.hexadecimal import Hexadecimal
from tests.credentials import organization_key, personal_access_token
from tests.unit.unwrap.prefiltering import find

_quick = settings(max_examples=60)
_seeds = st.integers(0, 2**32)
_makers = st.sampled_from([organization_key, personal_access_token])
_texts = st.one_of(st.binary(max_size=90), st.text("ab {}:,\"'\n<é>?~", max_size=90).map(str.encode))


def _printable(row: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)


def _rows(data: bytes) -> list[tuple[int, bytes]]:
    return [(at, data[at : at + 16]) for at in range(0, len(data), 16)]


def _xxd(data: bytes) -> str:
    return "".join(f"{at:08x}: {row.hex(' ', -2):<39}  {_printable(row)}\n" for at, row in _rows(data))


def _hexdump(data: bytes) -> str:
    return "".join(
        f"{at:08x}  {row[:8].hex(' '):<23}  {row[8:].hex(' '):<23}  |{_printable(row)}|\n" for at, row in _rows(data)
    )


def _xxd_wide(data: bytes) -> str:
    rows = ((at, data[at : at + 32]) for at in range(0, len(data), 32))
    return "".join(f"{at:08x}: {row.hex(' ', -2):<79}  {_printable(row)}\n" for at, row in rows)


def _od(data: bytes) -> str:
    return "".join(f"{at:07o} {row.hex(' ')}\n" for at, row in _rows(data)) + f"{len(data):07o}\n"


def _wrapped(text: str, width: int, between: str) -> str:
    return between.join(text[at : at + width] for at in range(0, len(text), width))


# Not parted by the end of a row.
_PREFIX = re.compile(rb"61[ ,x0:-]*6b[ ,x0:-]*5f|70[ ,x0:-]*61[ ,x0:-]*74[ ,x0:-]*5f", re.IGNORECASE)
_SPELLINGS = {
    "row": lambda data: data.hex(),
    "upper": lambda data: data.hex().upper(),
    "blank": lambda data: data.hex(" "),
    "colon": lambda data: data.hex(":").upper(),
    "dash": lambda data: data.hex("-"),
    "comma": lambda data: data.hex(","),
    "number": lambda data: "0x" + data.hex(),
    "array": lambda data: ", ".join(f"0x{byte:02x}" for byte in data),
    "blank array": lambda data: " ".join(f"0x{byte:02X}" for byte in data),
    "dense array": lambda data: ",".join(f"0x{byte:02X}" for byte in data),
    "tall array": lambda data: _wrapped(", ".join(f"0x{byte:02x}" for byte in data), 72, "\n    ").replace(" \n", "\n"),
    "xxd -p": lambda data: _wrapped(data.hex(), 60, "\n"),
    "block": lambda data: _wrapped(data.hex(), 64, "\r\n"),
    "xxd": _xxd,
    "xxd -c 32": _xxd_wide,
    "hexdump -C": _hexdump,
    "od -t x1": _od,
}
_DUMPS = {"xxd", "xxd -c 32", "hexdump -C", "od -t x1"}


@pytest.mark.parametrize("name", _SPELLINGS)
@_quick
@given(_makers, _seeds, _texts, _texts)
def test_spellings(name, maker, seed, before, after) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    token = maker(random.Random(seed)).encode()
    text = _SPELLINGS[name](before + b" " + token + b" " + after).encode()
    assume(_PREFIX.search(text))
    data = text if name in _DUMPS else b'x = "' + text + b'";\ny'
    (found,) = [found for found in find(Hexadecimal(), data) if token in found.data]
    assert found.encoding == "hex"
    start, end = found.span(at := found.data.index(token), at + len(token))
    assert found.start <= start < end <= found.end
    assert data[start : start + 2].lower() == b"%02x" % token[0]
    assert data[end - 2 : end].lower() == b"%02x" % token[-1]


def test_digits_before_it_that_are_no_pair() -> None:
    token = personal_access_token(random.Random(0)).encode()
    (found,) = find(Hexadecimal(), b"id-abc" + token.hex().encode())
    assert found.data.endswith(token)


_PIECES = (
    *("61", "6b", "5f", "616b5f", "7061 745f", "0x", "0x61", "1f8b08", "g", "_", "ab cd", "|ab.cd|"),
    *(
        "00000010: ",
        "00000010  ",
        "0000020 ",
        " ",
        "  ",
        ", ",
        ":",
        "-",
        "\n",
        "\r\n",
        "\\",
        "\\n",
        "\t",
        '"',
        "'",
        "+",
        "> ",
    ),
)


@settings(max_examples=400)
@given(st.lists(st.sampled_from(_PIECES), max_size=40))
def test_whatever_joins_digits(pieces: list[str]) -> None:
    data = f"616b5f{''.join(pieces)}{'616b5f' * 4}".encode()
    for found in find(Hexadecimal(), data):
        assert len(found.data) <= len(re.findall(rb"[0-9A-Fa-f]", data[found.start : found.end])) // 2


@_quick
@given(st.binary(max_size=200), st.sampled_from([b"616b5f", b"61 6b 5f ", b"1f8b08", b"7061745f\n"]), st.integers(0, 9))
def test_in_anything_spans_are_in_order_and_nothing_grows(data: bytes, core: bytes, times: int) -> None:
    for hostile in (core * times + data, data.hex().encode() + core * 20, data + core, (core + b"\n") * times):
        for decoded in find(Hexadecimal(), hostile):
            assert 2 * len(decoded.data) <= decoded.end - decoded.start


@pytest.mark.parametrize(
    "piece",
    [b"616b5f", b"61 6b 5f ", b"0616b5f", b"616b5f\n", b"0x61, 0x6b, 0x5f, ", b"1f8b08 ", b"61:6b:5f\n", b"61  ~~\n"],
)
def test_a_flood_of_alarms_ends(piece: bytes) -> None:
    data = piece * ((1 << 18) // len(piece)) + b"616b5f"
    assert sum(len(found.data) for found in find(Hexadecimal(), data)) <= 2 * len(data)
