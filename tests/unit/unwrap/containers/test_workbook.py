"""The shared strings of workbooks, in the cells that use them."""

from __future__ import annotations

import io
import random
import zipfile

import pytest

from akpatrol.scanner import Scanner
from tests.credentials import organization_key, personal_access_token
from tests.unit.unwrap.opening import WAYS, open_

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TOKEN = personal_access_token(random.Random(1))
_KEY = organization_key(random.Random(2))


def _workbook(strings: str, *sheets: str, more: dict[str, str] | None = None) -> bytes:
    named = "".join(
        f'<sheet name="Sheet &amp; {number}" sheetId="{number}" r:id="rId{number}"/>'
        for number in range(1, len(sheets) + 1)
    )
    relations = "".join(
        f'<Relationship Id="rId{number}" Type="t" Target="worksheets/sheet{number}.xml"/>'
        for number in range(1, len(sheets) + 1)
    )
    parts = {
        f"xl/worksheets/sheet{number}.xml": f"<worksheet {_MAIN}><sheetData>{rows}</sheetData></worksheet>"
        for number, rows in enumerate(sheets, 1)
    }
    parts |= {
        "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_RELATIONS}"><sheets>{named}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f"<Relationships>{relations}</Relationships>",
        "xl/sharedStrings.xml": f'<?xml version="1.0"?>\n<sst {_MAIN}>{strings}</sst>',
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (parts | (more or {})).items():
            archive.writestr(name, text)
    return stream.getvalue()


def _cell(name: str, number: int) -> str:
    return f'<c r="{name}" s="1" t="s"><v>{number}</v></c>'


@pytest.mark.parametrize("way", WAYS)
def test_a_string_is_told_with_its_first_cell_and_what_stands_beside_it(way: str) -> None:
    strings = f"<si><t>anyreach</t></si><si/><si><r><t>{_TOKEN[:9]}</t></r><r><t>{_TOKEN[9:]}</t></r></si>"
    first = f'<row r="1">{_cell("A1", 0)}<c r="B1"><v>7</v></c></row><row r="7">{_cell("A7", 1)}{_cell("B7", 2)}</row>'
    opened = open_(_workbook(strings, first, f'<row r="2">{_cell("D2", 2)}{_cell("E2", 0)}</row>'), way)
    shown = {label: content for label, content in opened.members if label.startswith("sheet:")}
    expected = {"sheet:Sheet & 1": f"A1:\tanyreach\t\nB7:\t{_TOKEN}\t\n".encode()}
    assert shown == ({} if way == "stream" else expected)
    assert opened.skips == []


def test_places_are_the_string_and_the_cell() -> None:
    data = _workbook(
        f"<si><t>x</t></si><si><t>key {_KEY}</t></si>", f'<row r="9">{_cell("A9", 0)}{_cell("C9", 1)}</row>'
    )
    hits = Scanner().scan(data)
    places = {hit.origin.containers[0]: hit for hit in hits}
    assert set(places) == {"zip:xl/sharedStrings.xml", "sheet:Sheet & 1"}
    assert places["zip:xl/sharedStrings.xml"].line == 2
    assert "C9:\tkey " in str(places["sheet:Sheet & 1"].context[0])


def test_inline_strings_and_comments_begin_with_their_cell() -> None:
    rows = f'<row r="3"><c r="A3" t="inlineStr"><is><t>anyreach</t></is></c><c r="B3" t="str"><v>{_TOKEN}</v></c></row>'
    runs = f"<r><t>{_KEY[:8]}</t></r><r><t>{_KEY[8:]}</t></r>"
    comment = f'<comment ref="D4" authorId="0"><text>{runs}</text></comment>'
    comments = f"<comments {_MAIN}><commentList>{comment}</commentList></comments>"
    texts = []
    for _, content in open_(_workbook("", rows, more={"xl/comments1.xml": comments})).members:
        texts += [text.decode() for text in open_(content).contents]
    assert f"A3:\tanyreach\tB3:\t{_TOKEN}\n" in texts
    assert f"D4:\t{_KEY}\n" in texts


@pytest.mark.parametrize("strings", ["<si>" * 200_000, "<rPh>" * 200_000, "<si/>" * 300_000, "<"])
def test_hostile_tables_end(strings: str) -> None:
    opened = open_(_workbook(strings, _cell("A1", 10**8) + '<c t="s" ' + 'r="A1" ' * 50_000))
    assert opened.skips == []


def test_a_workbook_cut_off_shows_what_it_holds() -> None:
    data = _workbook(f"<si><t>{_KEY}</t></si>", _cell("A1", 0))
    for size in range(0, len(data), 64):
        open_(data[:size])
