"""Fonts in PDF whose encoding stands only in the compact font (CFF) itself."""

from __future__ import annotations

from contextlib import suppress
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.unwrap.containers.pdfs.cff import encoding_of
from tests.credentials import organization_key
from tests.unit.unwrap.containers.pdf_writer import Pdf, flate
from tests.unit.unwrap.opening import open_

_KEY = organization_key(Random(3))
_LETTERS = "".join(dict.fromkeys(_KEY))
_CODES = {letter: number for number, letter in enumerate(_LETTERS, 40)}
_EXTRA = 7  # a second code of a glyph


def _index(*items: bytes) -> bytes:
    if not items:
        return b"\0\0"
    offsets = [1 + sum(map(len, items[:number])) for number in range(len(items) + 1)]
    data = b"".join(each.to_bytes(2) for each in offsets) + b"".join(items)
    return len(items).to_bytes(2) + b"\2" + data


def _compact_font(codes: int, charset: int, *, own_names: bool = False) -> bytes:
    """Return a font of the letters in these forms of the table of codes and of the charset; -1 for none of either."""
    names = [f"uni{ord(letter):04X}".encode() for letter in _LETTERS] if own_names else []
    ids = [391 + number if own_names else ord(letter) - 31 for number, letter in enumerate(_LETTERS)]
    numbers = list(_CODES.values())
    tables = {
        0: bytes((0x80, len(numbers), *numbers, 1, _EXTRA, 0, ord("!") - 31)),
        1: bytes((1, 1, numbers[0], len(numbers) - 1)),
    }
    charsets = {
        0: b"\0" + b"".join(each.to_bytes(2) for each in ids),
        1: b"\1" + b"".join(each.to_bytes(2) + b"\0" for each in ids),
        2: b"\2" + b"".join(each.to_bytes(2) + b"\0\0" for each in ids),
    }
    encoding_table, charset_table = tables.get(codes, b""), charsets.get(charset, b"")
    glyphs = _index(*[b"\x0e"] * (len(ids) + 1))

    def font(first: int) -> bytes:
        places = (first, first + len(encoding_table), first + len(encoding_table) + len(charset_table))
        operands = [(16, places[0]), (15, places[1]), (17, places[2])][(0 if codes >= 0 else 1) :]
        real = b"\x1e\xe2\xa2\x5f\x0c\x07" + b"\x8b\xf7\x00\xfb\x00\x1c\0\x05\x05"  # a matrix, a box
        top = real + b"".join(b"\x1d" + place.to_bytes(4) + bytes([operator]) for operator, place in operands)
        head = b"\1\0\4\2" + _index(b"ABCDEF+X") + _index(top) + _index(*names) + _index()
        return head + encoding_table + charset_table + glyphs

    return font(len(font(0)) - len(encoding_table + charset_table + glyphs))


def _page(program: bytes, text: bytes) -> bytes:
    pdf = Pdf()
    number = pdf.add(flate(program, b"/Subtype /Type1C"))
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /X /FontDescriptor << /Flags 4 /FontFile3 %d 0 R >> >>" % number
    pdf.page(b"BT /F 10 Tf 72 700 Td <%b> Tj ET" % text.hex().encode(), fonts=font)
    return pdf.written()


@pytest.mark.parametrize("own_names", [False, True])
@pytest.mark.parametrize(("codes", "charset"), [(0, 0), (1, 0), (0, 1), (1, 2)])
def test_its_codes_are_characters(codes: int, charset: int, own_names: bool) -> None:
    program = _compact_font(codes, charset, own_names=own_names)
    opened = open_(_page(program, bytes(_CODES[letter] for letter in _KEY)))
    assert opened.contents[0].decode() == _KEY
    assert opened.skips == []


def test_a_code_without_a_glyph_shows_nothing() -> None:
    opened = open_(_page(_compact_font(0, 0), bytes((*(_CODES[letter] for letter in _KEY), 255, _EXTRA))))
    assert opened.contents[0].decode().startswith(_KEY)
    assert opened.contents[0].endswith(b"!")
    assert opened.skips == []


def test_the_standard_encoding_has_no_table() -> None:
    opened = open_(_page(_compact_font(-1, 0), _KEY.encode()))
    assert opened.contents[0].decode() == _KEY
    assert opened.skips == []


def test_one_that_is_damaged_is_a_skip_of_its_page() -> None:
    opened = open_(_page(_compact_font(0, 0)[:40], bytes(_CODES[letter] for letter in _KEY)))
    assert opened.reasons == "PDF: page 1: its font has no map to text"


@given(st.integers(0, 3000), st.integers(0, 255), st.integers(0, 3000))
def test_any_font_ends(place: int, value: int, end: int) -> None:
    font = bytearray(_compact_font(1, 1, own_names=True))
    font[place % len(font)] = value
    with suppress(IndexError, ValueError, KeyError):
        assert all(0 <= code < 512 for code in encoding_of(bytes(font[: end or None])).names)
