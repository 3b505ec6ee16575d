"""The text of a PDF's pages, however it is set."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from akpatrol.model.scan import Confidence, End
from akpatrol.scanner import Scanner
from akpatrol.unwrap.containers.pdfs.character_map import character_map
from akpatrol.unwrap.containers.pdfs.glyph_names import OTHER, text_of
from akpatrol.unwrap.containers.pdfs.layout import Piece, texts
from akpatrol.unwrap.containers.pdfs.tokens import Operator, operators
from tests.credentials import organization_key, personal_access_token
from tests.unit.unwrap.containers.pdf_writer import HELVETICA, Pdf, Subset, flate, stream, subset
from tests.unit.unwrap.opening import open_

if TYPE_CHECKING:
    from collections.abc import Callable

_KEY = organization_key(random.Random(1))
_TOKEN = personal_access_token(random.Random(2))
# Each character is 500 wide in the subset fonts of these tests, and a page's text begins here.
_WIDTH, _START = 5, b"BT /F 10 Tf 72 700 Td "


def _in_one(text: str, font: Subset) -> bytes:
    return _START + font.string(text) + b" Tj ET"


def _kerned(text: str, font: Subset) -> bytes:
    return _START + b"[" + b" -30 ".join(font.string(each) for each in text) + b"] TJ ET"


def _one_by_one(text: str, font: Subset) -> bytes:
    return _START + b" ".join(font.string(each) + b" Tj" for each in text) + b" ET"


def _placed(text: str, font: Subset) -> bytes:
    """As pdfTeX and printers of HTML do: each glyph where it belongs."""
    places = (b"1 0 0 1 %d 700 Tm %b Tj" % (72 + place * _WIDTH, font.string(each)) for place, each in enumerate(text))
    return b"BT /F 10 Tf " + b" ".join(places) + b" ET"


def _backwards(text: str, font: Subset) -> bytes:
    places = list(enumerate(text))[::-1]
    drawn = (b"1 0 0 1 %d 700 Tm %b Tj" % (72 + place * _WIDTH, font.string(each)) for place, each in places)
    return b"BT /F 10 Tf " + b" ".join(drawn) + b" ET"


def _blocks(text: str, font: Subset) -> bytes:
    """In three objects of text, under a matrix that turns and scales."""
    parts = (text[start : start + 17] for start in range(0, len(text), 17))
    return b"q 0 2 -2 0 500 100 cm " + b" ".join(
        b"BT /F 1 Tf 10 0 0 10 %d 0 Tm %b Tj ET" % (number * 17 * _WIDTH, font.string(part))
        for number, part in enumerate(parts)
    )


def _spaced(text: str, font: Subset) -> bytes:
    return b"BT /F 10 Tf 3 Tc 72 700 Td %b Tj ET" % font.string(text)


def _twice(text: str, font: Subset) -> bytes:
    """Bold as some programs make it."""
    once = _placed(text, font)
    return once + b" q 1 0 0 1 0.3 0 cm " + once + b" Q"


def _beneath(text: str, font: Subset) -> bytes:
    """Invisible, as text behind a scanned page is."""
    return b"3 Tr " + _in_one(text, font)


_SET: dict[str, Callable[[str, Subset], bytes]] = {
    name.strip("_"): function
    for name, function in list(globals().items())
    if callable(function) and getattr(function, "__annotations__", {}).get("font") == "Subset"
}


@pytest.mark.parametrize("way", _SET)
def test_a_credential_is_whole_however_it_is_set(way: str) -> None:
    pdf = Pdf()
    font = subset(pdf, f"key: {_KEY}")
    pdf.page(_SET[way](_KEY, font), fonts=font.dictionary)
    opened = open_(pdf.written())
    text = next(content for label, content in opened.members if label == "pdf:page 1")
    assert text.decode().split() == [_KEY] * (2 if way == "twice" else 1)
    assert opened.skips == []


@pytest.mark.parametrize(
    "font",
    [
        HELVETICA,
        b"<< /Type /Font /Subtype /TrueType /BaseFont /Arial >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /X /FirstChar 32 /Widths [%b] >>" % (b"500 " * 95),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /90ms-RKSJ-H /DescendantFonts [] >>",
    ],
)
def test_fonts_whose_codes_are_ascii(font: bytes) -> None:
    pdf = Pdf()
    pdf.page(b"BT /F 10 Tf 72 700 Td (%b) Tj (%b) ' ET" % (_KEY.encode(), _TOKEN.encode()), fonts=font)
    opened = open_(pdf.written())
    assert [match for match in (_KEY, _TOKEN) if match.encode() in opened.contents[0]] == [_KEY, _TOKEN]
    assert opened.skips == []


def test_an_encoding_by_names_of_glyphs_and_one_in_the_font_itself() -> None:
    codes = {each: number for number, each in enumerate(dict.fromkeys(_KEY), 1)}
    special = {"_": "underscore", ".": "period", **dict(zip("0123456789", _DIGITS, strict=True))}
    names = [special.get(each, each) for each in codes]
    string = b"<" + bytes(codes[each] for each in _KEY).hex().encode() + b">"
    pdf = Pdf()
    differences = b"<< /Type /Encoding /Differences [1 %b] >>" % b" ".join(b"/" + name.encode() for name in names)
    built_in = b"".join(b"dup %d /%b put\n" % (number, name.encode()) for number, name in enumerate(names, 1))
    program = pdf.add(flate(b"%!PS-AdobeFont-1.0\n/Encoding 256 array\n" + built_in + b"eexec\0\1\2"))
    descriptor = b"/FontDescriptor << /Flags 4 /FontFile %d 0 R >>" % program
    for more in (b"/Encoding " + differences, descriptor):
        pdf.page(
            b"BT /F 10 Tf 72 700 Td %b Tj ET" % string,
            fonts=b"<< /Type /Font /Subtype /Type1 /BaseFont /X %b >>" % more,
        )
    opened = open_(pdf.written())
    assert [opened.contents[0].decode(), opened.contents[1].decode()] == [_KEY, _KEY]
    assert opened.skips == []


_DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


@pytest.mark.parametrize("kind", ["composite", "symbolic"])
def test_a_font_without_a_map_to_text_is_a_skip_of_its_page(kind: str) -> None:
    pdf = Pdf()
    pdf.page(b"BT /F 10 Tf (plain) Tj ET")
    font = subset(pdf, "abc", mapped=False)
    symbolic = b"<< /Type /Font /Subtype /TrueType /BaseFont /ABCDEF+X /FontDescriptor << /Flags 4 >> >>"
    pdf.page(_in_one("abc", font), fonts=font.dictionary if kind == "composite" else symbolic)
    assert open_(pdf.written()).reasons == "PDF: page 2: its font has no map to text"


def test_forms_are_drawn_where_they_are_used_also_in_one_another() -> None:
    pdf = Pdf()
    inner = pdf.add(stream(b"/Type /XObject /Subtype /Form", b"BT /F 10 Tf 72 700 Td (%b) Tj ET" % _KEY.encode()))
    resources = b"/Resources << /XObject << /X %d 0 R >> /Font << /F %b >> >>" % (inner, HELVETICA)
    outer = pdf.add(stream(b"/Type /XObject /Subtype /Form " + resources, b"/X Do"))
    pdf.page(b"/X Do", fonts=b"/F 1 /XObject << /X %d 0 R >>" % outer)
    pdf.add(stream(b"/Type /XObject /Subtype /Form", b"BT (unused) Tj ET"))
    opened = open_(pdf.written())
    assert opened.members == [("pdf:page 1", _KEY.encode()), ("pdf:object 7", b"unused")]
    assert opened.skips == []


def test_a_form_that_draws_itself_ends() -> None:
    pdf = Pdf()
    form = pdf.add(
        stream(b"/Type /XObject /Subtype /Form /Resources << /XObject << /X 3 0 R >> >>", b"/X Do BT (a) Tj ET")
    )
    pdf.page(b"/X Do", fonts=b"/F 1 /XObject << /X %d 0 R >>" % form)
    assert open_(pdf.written()).contents == [b"a"]


def test_pages_are_told_by_number_and_columns_and_cells_apart() -> None:
    pdf = Pdf()
    pdf.page(b"BT /F 10 Tf 72 700 Td (first) Tj 200 0 Td (column) Tj -200 -12 Td (second) Tj ET")
    pdf.page(b"BT /F 10 Tf (a) Tj 30 0 Td (cell) Tj ET")
    assert open_(pdf.written()).members == [("pdf:page 1", b"first\ncolumn\nsecond"), ("pdf:page 2", b"a\ncell")]


def test_what_stands_for_a_text_is_read_too() -> None:
    pdf = Pdf()
    spoken = b"\xfe\xff" + _KEY.encode("utf-16-be")
    pdf.page(b"/Span << /ActualText <%b> >> BDC BT /F 10 Tf (shown) Tj ET EMC" % spoken.hex().encode())
    assert open_(pdf.written()).contents == [f"{_KEY}\nshown".encode()]


@pytest.mark.parametrize("cut", [12, 24, 40])
def test_one_that_is_wrapped_is_whole_with_an_uncertain_end(cut: int) -> None:
    pdf = Pdf()
    font = subset(pdf, f"Anyreach key {_KEY}")
    lines = [f"Anyreach key {_KEY[:cut]}", _KEY[cut:]]
    shown = b" 0 -12 Td ".join(font.string(line) + b" Tj" for line in lines)
    pdf.page(_START + shown + b" ET", fonts=font.dictionary)
    found = {hit.match.secret.reveal().decode(): hit.match for hit in Scanner().scan(pdf.written())}
    assert (found[_KEY].confidence, found[_KEY].ending) == (Confidence.MEDIUM, End.UNCERTAIN)
    assert all(match.confidence <= Confidence.MEDIUM for match in found.values())


def test_a_hyphen_at_the_end_of_a_line_may_be_one_of_the_typesetter() -> None:
    pdf = Pdf()
    lines = (f"Anyreach {_TOKEN[:24]}-", _TOKEN[24:])
    pdf.page(b"BT /F 10 Tf 72 700 Td (%b) Tj 0 -12 Td (%b) Tj ET" % (lines[0].encode(), lines[1].encode()))
    found = {hit.match.secret.reveal().decode(): hit.match.confidence for hit in Scanner().scan(pdf.written())}
    assert found[_TOKEN] is Confidence.MEDIUM


@pytest.mark.parametrize("following", [_TOKEN, "is a key", "Next", "2026", ""])
def test_one_that_ends_with_its_line_is_certain(following: str) -> None:
    pdf = Pdf()
    pdf.page(b"BT /F 10 Tf 72 700 Td (%b) Tj 0 -12 Td (%b) Tj ET" % (_KEY.encode(), following.encode()))
    found = {hit.match.secret.reveal().decode(): hit.match for hit in Scanner().scan(pdf.written())}
    assert found[_KEY].confidence is Confidence.HIGH
    assert set(found) == {_KEY, *([_TOKEN] if following == _TOKEN else [])}


def test_ligatures_and_other_hyphens_are_as_they_were_typed() -> None:
    pdf = Pdf()
    font = subset(pdf, "a\ufb01b\u00adc\u2010d\ufb04")
    pdf.page(_in_one("a\ufb01b\u00adc\u2010d\ufb04", font), fonts=font.dictionary)
    assert open_(pdf.written()).contents[0] == b"afib-c-dffl"


def test_objects_in_an_object_stream_with_a_table_that_is_one() -> None:
    pdf = Pdf()
    font = subset(pdf, _KEY)
    note = pdf.add(b"<< /Type /Annot /Subtype /Text /Rect [0 0 9 9] /Contents (note) >>")
    pdf.page(_kerned(_KEY, font), fonts=font.dictionary, more=b"/Annots [%d 0 R]" % note)
    opened = open_(pdf.packed())
    assert opened.members[:2] == [("pdf:page 1", _KEY.encode()), ("pdf:page 1 annotations", b"/Contents note")]
    assert opened.skips == []


def test_letters_far_apart_are_a_word() -> None:
    pieces = [Piece(each, place * 9.0, 0.0, place * 9.0 + 5, 0.0, 10.0) for place, each in enumerate(_KEY)]
    assert texts(pieces).lines == _KEY
    words = [Piece(each, place * 29.0, 0.0, place * 29.0 + 25, 0.0, 10.0) for place, each in enumerate(["words"] * 9)]
    assert texts(words).lines == " ".join(["words"] * 9)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (rb"(a\(b\)\\c\101\12 (in)) Tj", [Operator(b"Tj", [b"a(b)\\cA\n (in)"])]),
        (b"[(a)-20.5<6 2 6>]TJ", [Operator(b"TJ", [[b"a", -20.5, b"b`"]])]),
        (
            b"/Na#6de 12 Tf % comment (\n1 .5 -.5 Td",
            [Operator(b"Tf", ["/Name", 12.0]), Operator(b"Td", [1.0, 0.5, -0.5])],
        ),
        (b"BI /W 1 /H 1 ID (\0\1 EI\2 \xff\xfe EI\nq", [Operator(b"BI", []), Operator(b"q", [])]),
        (b"<< /A (x) >> BDC", [Operator(b"BDC", [["/A", b"x"]])]),
        (b"] >> ) } (open", []),
    ],
)
def test_tokens(content: bytes, expected: list[Operator]) -> None:
    assert list(operators(content)) == expected


def test_maps_of_characters() -> None:
    found = character_map(
        b"1 begincodespacerange <00> <7f> <8000> <ffff> endcodespacerange\n"
        b"2 beginbfchar <01> <0041> <8001> <D83DDE00> endbfchar\n"
        b"2 beginbfrange <02> <04> <0061> <05> <06> [<0066 0069> <F041>] endbfrange"
    )
    assert found.texts == {1: "A", 0x8001: "\U0001f600", 2: "a", 3: "b", 4: "c", 5: "fi", 6: "A"}
    assert [found.length(first) for first in (0, 0x7F, 0x80)] == [1, 1, 2]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("/A", "A"),
        ("seven", "7"),
        ("uni0041", "A"),
        ("a.sc", "a"),
        ("underscore", "_"),
        ("eacute", OTHER),
        ("fi", "fi"),
    ],
)
def test_names_of_glyphs(name: str, text: str) -> None:
    assert text_of(name) == text


@pytest.mark.parametrize("name", ["g12", "cid345", "glyph7", "G3F", "a5", "C0012"])
def test_numbers_of_glyphs_say_nothing(name: str) -> None:
    assert text_of(name) is None


@pytest.mark.parametrize("seed", range(4))
def test_pages_without_credentials_are_silent_and_complete(seed: int) -> None:
    rng = random.Random(seed)
    pdf = Pdf()
    words = [
        "Anyreach",
        "key",
        "ak_example",
        "pat_your_token",
        "v1.2.3",
        "0f8fad5b-d9cb-469f-a165-70867728950e",
        "of",
        "it",
    ]
    words += [f"{rng.getrandbits(64):016x}", "ak_*", "pat_*", "test_pat_helper_function", "the", "Next", "2026-11-29"]
    font = subset(pdf, " ".join(words))
    for _ in range(3):
        lines = [" ".join(rng.choices(words, k=8)) for _ in range(40)]
        pdf.page(
            _START + b" 0 -12 Td ".join(font.string(line) + b" Tj" for line in lines) + b" ET", fonts=font.dictionary
        )
    data = pdf.written()
    assert Scanner(min_confidence=Confidence.LOW).scan(data) == []
    assert open_(data).skips == []
