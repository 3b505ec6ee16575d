"""PDF, spelled by hand (ISO 32000-1, 7.3 and 7.5), and as pypdf writes it."""

from __future__ import annotations

import random
import zlib
from base64 import a85encode
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject, RectangleObject, TextStringObject

from akpatrol.unwrap.containers.pdf_text import shown_text
from tests.credentials import organization_key, personal_access_token
from tests.unit.unwrap.containers.pdf_writer import Pdf, flate, stream
from tests.unit.unwrap.opening import WAYS, open_

_DRAWING = b"q 1 0 0 1 0 0 cm 10 10 m 100 100 l S Q\n" * 20
_TEXT = b"BT /F 12 Tf 10 10 Td (a word) Tj ET\n"
_KEY = organization_key(random.Random(1)).encode()
_TOKEN = personal_access_token(random.Random(2)).encode()


def _pdf(*objects: bytes, trailer: bytes = b"") -> bytes:
    """Return a PDF with an empty page, and these objects from number 5 on."""
    pdf = Pdf()
    pdf.page(b"")
    pdf.trailer = trailer
    for each in objects:
        pdf.add(each)
    return pdf.written()


@pytest.mark.parametrize("way", WAYS)
def test_a_drawing_and_what_is_attached_are_read_in_full(way: str) -> None:
    attached = b"an attached file, with a stream\n" * 40
    opened = open_(_pdf(flate(_DRAWING), flate(attached, b"/Type /EmbeddedFile")), way)
    assert opened.members == [("pdf:object 6", attached), ("pdf:object 5", _DRAWING)]
    assert opened.skips == []


@pytest.mark.parametrize("packed", [True, False])
def test_what_no_page_shows_is_a_gap_and_its_plain_strings_are_read(packed: bool) -> None:
    opened = open_(_pdf(flate(_TEXT) if packed else stream(b"", _TEXT)))
    assert opened.contents == [b"a word"]
    assert opened.reasons == "PDF: object 5 shows text that is on no page"


def test_operators_by_chance_in_other_data_do_not_show_text() -> None:
    """Illustrator keeps its document in compressed streams of 64 KiB: two in three have such operators."""
    data = random.Random("private").randbytes(1 << 16) + b" BT \x80(a word)' \x90"
    assert open_(_pdf(flate(data))).contents == [data]
    assert open_(_pdf(flate(data))).skips == []


@pytest.mark.parametrize("pictures", [0, 3])
def test_strings_and_pictures_of_any_bytes_are_part_of_a_text(pictures: int) -> None:
    picture = b"BI /W 8 ID " + random.Random("picture").randbytes(2000).replace(b"EI", b"") + b" EI "
    codes = bytes(range(128, 256)) * 8
    shown = open_(_pdf(flate(b"BT /F 9 Tf " + picture * pictures + b"(" + codes + b") Tj (a word) Tj ET")))
    assert shown.reasons == "PDF: object 5 shows text that is on no page"


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
    opened = open_(_pdf(stream(b"/Filter [ /ASCII85Decode /FlateDecode ]", data)))
    assert (opened.contents, opened.skips) == ([_DRAWING], [])
    opened = open_(_pdf(stream(b"/Filter /ASCIIHexDecode", _DRAWING.hex().encode() + b">")))
    assert (opened.contents, opened.skips) == ([_DRAWING], [])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_pdf(flate(_DRAWING), trailer=b"/Encrypt 7 0 R"), "PDF: encrypted"),
        (_pdf(stream(b"/Filter /DCTDecode /Type /EmbeddedFile", b"\x80\x0b")), "compressed by DCTDecode"),
        (_pdf(stream(b"/Filter /FlateDecode", b"no deflate")), "PDF: a stream is damaged"),
        (b"%PDF-1.7\n" + b"1 0 obj\n" + flate(_DRAWING) + b"\nendobj\n", "PDF: damaged"),
    ],
)
def test_what_cannot_be_read_is_told(data: bytes, reason: str) -> None:
    assert reason in open_(data).reasons


def test_other_filters_predictors_and_references_to_them_are_undone() -> None:
    rows = b"".join(b"\0" + _TOKEN[start : start + 4] for start in range(0, 40, 4))
    packed = flate(rows, b"/DecodeParms << /Predictor 12 /Columns 4 >>")
    # Seven bits a code would not do: nine bits, a clear, the bytes, an end (7.4.4.2).
    codes = "".join(f"{code:09b}" for code in (256, *_TOKEN[:40], 257))
    lzw = stream(b"/Filter /LZWDecode", int(codes.ljust(-(-len(codes) // 8) * 8, "0"), 2).to_bytes(-(-len(codes) // 8)))
    elsewhere = stream(b"/Filter 8 0 R", zlib.compress(_TOKEN[:40]))
    opened = open_(_pdf(packed, lzw, elsewhere, b"[ /FlateDecode ]"))
    assert opened.contents == [_TOKEN[:40]] * 3
    assert opened.skips == []


@pytest.mark.parametrize("dictionary", [b"/Subtype /Image /Filter /FlateDecode", b"/Filter /DCTDecode"])
def test_pictures_are_no_gap(dictionary: bytes) -> None:
    opened = open_(_pdf(stream(dictionary, b"\0\1(a) Tj"), flate(_DRAWING)))
    assert (opened.contents, opened.skips) == ([_DRAWING], [])


def test_the_table_at_its_end_is_not_needed() -> None:
    data = _pdf(flate(_DRAWING))
    for end in (data.rindex(b"xref\n0"), data.rindex(b"endstream")):
        opened = open_(data[:end])
        assert opened.contents == [_DRAWING]
        assert opened.reasons == "PDF: damaged: its table of objects is missing"


def _written(*, encrypted: tuple[str, str] | None = None) -> bytes:
    """Return a PDF with everything around pages that may hold text."""
    pdf = Pdf()
    widget = pdf.add(b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (field) /V (field %b) /Rect [0 0 9 9] >>" % _KEY)
    pdf.page(b"BT /F 12 Tf 10 10 Td (%b) Tj ET" % _KEY, more=b"/Annots [%d 0 R]" % widget)
    pdf.catalog = b"/AcroForm << /Fields [%d 0 R] /XFA %d 0 R >> /Metadata %d 0 R" % (
        widget,
        pdf.add(flate(b"<xfa><value>%b</value></xfa>" % _KEY)),
        pdf.add(flate(b"<x:xmpmeta>%b</x:xmpmeta>" % _KEY, b"/Type /Metadata /Subtype /XML ")),
    )
    writer = PdfWriter(clone_from=BytesIO(pdf.written()))
    writer.add_attachment("notes.txt", b"attached " + _KEY)
    writer.add_attachment("inner.pdf", Pdf().written())
    writer.add_metadata({"/Title": "title " + _KEY.decode(), "/Subject": "\u4e00 " + _KEY.decode()})
    writer.add_uri(0, "https://example.com/?key=" + _KEY.decode(), RectangleObject((0, 0, 9, 9)))
    script = {"/S": NameObject("/JavaScript"), "/JS": TextStringObject(f"var key = '{_KEY.decode()}'")}
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(
        {NameObject(name): value for name, value in script.items()}
    )
    if encrypted:
        writer.encrypt(encrypted[0], "owner", algorithm=encrypted[1])
    stream_ = BytesIO()
    writer.write(stream_)
    return stream_.getvalue()


@pytest.mark.parametrize("algorithm", [None, "RC4-40", "RC4-128", "AES-128", "AES-256"])
def test_what_is_around_pages_is_told_with_its_place(algorithm: str | None) -> None:
    opened = open_(_written(encrypted=("", algorithm) if algorithm else None))
    held = {label: content.count(_KEY) for label, content in opened.members if _KEY in content}
    streams = {label: number for label, number in held.items() if label.startswith("pdf:object")}
    assert {label: number for label, number in held.items() if label not in streams} == {
        "pdf:page 1": 1,
        "pdf:page 1 annotations": 2,
        "pdf:info": 2,
        "pdf:strings": 1,
        "pdf:attached notes.txt": 1,
    }
    assert list(streams.values()) == [1, 1]
    assert set(opened.names) == {b"notes.txt", b"inner.pdf"}
    assert opened.skips == []


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
def test_one_with_a_password_is_a_skip(algorithm: str) -> None:
    opened = open_(_written(encrypted=("secret", algorithm)))
    assert (opened.contents, opened.reasons) == ([], "PDF: encrypted")


def test_an_encrypted_one_that_is_attached_hides_nothing_else() -> None:
    inner = _written(encrypted=("secret", "AES-256"))
    opened = open_(_pdf(stream(b"/Type /EmbeddedFile", inner), flate(_TOKEN)))
    assert opened.contents == [inner, _TOKEN]
    assert opened.skips == []


def test_what_a_later_version_replaced_is_read_as_it_was_shown() -> None:
    pdf = Pdf()
    pdf.page(b"BT /F 12 Tf 10 10 Td (%b) Tj (%b) Tj ET" % (_KEY[:20], _KEY[20:]))
    writer = PdfWriter(BytesIO(pdf.written()), incremental=True)
    empty = DecodedStreamObject()
    writer.pages[0][NameObject("/Contents")] = writer._add_object(empty)
    later = BytesIO()
    writer.write(later)
    opened = open_(later.getvalue())
    assert [label for label, content in opened.members if _KEY in content] == ["pdf:earlier page 1"]
    assert opened.skips == []


@given(st.lists(st.sampled_from([b">>", b"stream\n", b"1 0 obj", b"<<", b"/Filter", b"(", b"[", b")", b"TJ", b"\\"])))
def test_any_words_end_and_show_no_more_than_they_are(words: list[bytes]) -> None:
    data = b"%PDF-1.4\n" + b" ".join(words)
    opened = open_(data)
    assert sum(map(len, opened.contents)) <= len(data)
    assert all(skip.reason for skip in opened.skips)
    joined = b"".join(words)
    assert len(shown_text(joined)) <= len(joined)
