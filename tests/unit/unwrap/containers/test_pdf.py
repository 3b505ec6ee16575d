"""PDF, spelled by hand (ISO 32000-1, 7.3 and 7.5)."""

from __future__ import annotations

import zlib
from base64 import a85encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.unwrap.containers.pdf_text import shown_text
from tests.unit.unwrap.opening import WAYS, open_

_DRAWING = b"q 1 0 0 1 0 0 cm 10 10 m 100 100 l S Q\n" * 20
_TEXT = b"BT /F1 12 Tf 10 10 Td (a word) Tj ET\n"


def _stream(number: int, dictionary: bytes, data: bytes) -> bytes:
    return b"%d 0 obj\n<< %b /Length %d >>\nstream\n%b\nendstream\nendobj\n" % (number, dictionary, len(data), data)


def _flate(number: int, data: bytes, more: bytes = b"") -> bytes:
    return _stream(number, b"/Filter /FlateDecode " + more, zlib.compress(data))


def _pdf(*objects: bytes, trailer: bytes = b"trailer << /Root 1 0 R >>\n%%EOF") -> bytes:
    return b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + b"".join(objects) + trailer


@pytest.mark.parametrize("way", WAYS)
def test_a_drawing_and_what_is_attached_are_read_in_full(way: str) -> None:
    attached = b"an attached file, with a stream\n" * 40
    data = _pdf(_flate(4, _DRAWING), _flate(9, attached, b"/Type /EmbeddedFile"))
    opened = open_(data, way)
    assert opened.members == [("pdf:object 4", _DRAWING), ("pdf:object 9", attached)]
    assert opened.skips == []


@pytest.mark.parametrize("packed", [True, False])
def test_what_shows_text_is_a_gap_and_its_plain_strings_are_read(packed: bool) -> None:
    opened = open_(_pdf(_flate(4, _TEXT) if packed else _stream(4, b"", _TEXT)))
    assert opened.contents == [b"a word"]
    assert "PDF: not all of the text" in opened.reasons


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"(one) Tj (two) Tj", b"one\ntwo"),
        (b"[(on)-20(e)5.5( t)-90(wo)]TJ", b"one two"),
        (b"[(one)-250(two)] TJ", b"one two"),
        (
            rb"(a\(b\)\\c\101\
d) '",
            b"a(b)\\cAd",
        ),
        (b'1 2 (nested (text) here) "', b"nested (text) here"),
        (b"(an attribute) pop", b""),
    ],
)
def test_shown_strings(content: bytes, text: bytes) -> None:
    assert shown_text(content) == text


def test_filters_one_after_another() -> None:
    data = a85encode(zlib.compress(_DRAWING)) + b"~>"
    opened = open_(_pdf(_stream(4, b"/Filter [ /ASCII85Decode /FlateDecode ]", data)))
    assert (opened.contents, opened.skips) == ([_DRAWING], [])
    opened = open_(_pdf(_stream(4, b"/Filter /ASCIIHexDecode", _DRAWING.hex().encode() + b">")))
    assert (opened.contents, opened.skips) == ([_DRAWING], [])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_pdf(_flate(4, _DRAWING), trailer=b"trailer << /Root 1 0 R /Encrypt 7 0 R >>"), "PDF: encrypted"),
        (_pdf(_stream(4, b"/Filter /LZWDecode", b"\x80\x0b")), "compressed by LZWDecode"),
        (_pdf(_stream(4, b"/Filter 8 0 R", b"\x80\x0b")), "PDF: a stream is compressed by"),
        (_pdf(_flate(4, _DRAWING, b"/DecodeParms << /Predictor 12 >>")), "a predictor"),
        (_pdf(_stream(4, b"/Filter /FlateDecode", b"no deflate")), "PDF: a stream is damaged"),
    ],
)
def test_what_cannot_be_read_is_told(data: bytes, reason: str) -> None:
    assert reason in open_(data).reasons


@pytest.mark.parametrize("dictionary", [b"/Subtype /Image /Filter /FlateDecode", b"/Filter /DCTDecode"])
def test_pictures_are_no_gap(dictionary: bytes) -> None:
    opened = open_(_pdf(_stream(4, dictionary, b"\0\1(a) Tj"), _flate(5, _DRAWING)))
    assert (opened.contents, opened.skips) == ([_DRAWING], [])


def test_the_table_at_its_end_is_not_needed() -> None:
    data = _pdf(_flate(4, _DRAWING), trailer=b"")
    assert open_(data).contents == [_DRAWING]
    assert open_(data[: data.rindex(b"endstream")]).contents == [_DRAWING]


@given(st.lists(st.sampled_from([b">>", b"stream\n", b"1 0 obj", b"<<", b"/Filter", b"(", b"[", b")", b"TJ", b"\\"])))
def test_any_words_end(words: list[bytes]) -> None:
    open_(b"%PDF-1.4\n" + b" ".join(words))
    shown_text(b"".join(words))
