"""The text of documents that is split into runs."""

from __future__ import annotations

import io
import random
import zipfile

import pytest

from akpatrol.scanner import Scanner
from akpatrol.unwrap.containers.recognise import kind_of
from tests.credentials import organization_key, personal_access_token
from tests.unit.unwrap.opening import WAYS, open_

_OOXML = "http://schemas.openxmlformats.org"
_FORMS = {
    "docx": (
        f'<?xml version="1.0"?><w:document xmlns:w="{_OOXML}/wordprocessingml/2006/main"><w:body><w:p>',
        "<w:r><w:rPr><w:b/></w:rPr><w:t>{}</w:t></w:r>",
        "</w:p><w:p><w:r><w:t>next</w:t></w:r></w:p></w:body></w:document>",
    ),
    "pptx": (
        f'<p:sld xmlns:p="{_OOXML}/presentationml/2006/main" xmlns:a="{_OOXML}/drawingml/2006/main"><a:p>',
        "<a:r><a:t>{}</a:t></a:r>",
        "</a:p><a:p><a:r><a:t>next</a:t></a:r></a:p></p:sld>",
    ),
    "xlsx": (
        f'<?xml version="1.0"?>\n<sst xmlns="{_OOXML}/spreadsheetml/2006/main"><si>',
        '<r><rPr><b/></rPr><t xml:space="preserve">{}</t></r>',
        "</si><si><t>next</t></si></sst>",
    ),
    "odt": (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"><text:p>',
        '<text:span text:style-name="T1">{}</text:span>',
        "</text:p><text:p>next</text:p></office:document-content>",
    ),
    "rtf": ("{\\rtf1\\ansi{\\fonttbl\\f0 Helvetica;}\\f0 ", "{{\\b\\fs24 {}}}", "\\par next\\par}"),
}


def _document(form: str, *runs: str) -> bytes:
    before, run, after = _FORMS[form]
    return (before + "".join(run.format(part) for part in runs) + after).encode()


def _parts(text: str, seed: int) -> list[str]:
    cuts = sorted(random.Random(seed).sample(range(1, len(text)), 3))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, None], strict=True)]


@pytest.mark.parametrize("form", _FORMS)
def test_a_word_in_several_runs_is_found_once_and_whole(form: str) -> None:
    scanner = Scanner()
    for seed in range(8):
        key = organization_key(random.Random(seed))
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("content", _document(form, "key: ", *_parts(key, seed)))
        assert [hit.match.secret.reveal() for hit in scanner.scan(stream.getvalue())] == [key.encode()]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("form", _FORMS)
def test_paragraphs_are_lines(form: str, way: str) -> None:
    opened = open_(_document(form, "one", " and ", "two"), way)
    assert b"one and two\nnext" in opened.contents[0].replace(b"\n\n", b"\n")
    assert opened.skips == []


def test_indented_xml_joins_its_runs() -> None:
    data = _document("docx", "on", "e").replace(b"><", b">\n  <").replace(b"<w:t>\n  ", b"<w:t>")
    assert b"one" in open_(data).contents[0]


@pytest.mark.parametrize("way", WAYS)
def test_a_long_document_comes_in_pieces(way: str) -> None:
    data = _document("docx", *(f"{number:06}" for number in range(30_000)))
    text = b"".join(open_(data, way).contents)
    assert text.strip().startswith(b"".join(b"%06d" % number for number in range(30_000)))


@pytest.mark.parametrize("data", [b"<?xml version='1.0'?><document/>", b"<w:p>", b"{\\rtf", b"<office:", b"<?xml"])
def test_other_xml_is_none(data: bytes) -> None:
    assert kind_of(data) is None


_WORD = f'<w:document xmlns:w="{_OOXML}/wordprocessingml/2006/main"><w:body>'


def _word(paragraph: str) -> bytes:
    data = f"{_WORD}<w:p>{paragraph}</w:p><w:p/><w:p><w:r><w:t>next</w:t></w:r></w:p></w:body></w:document>"
    return open_(data.encode()).contents[0]


def _run(text: str, element: str = "t") -> str:
    return f'<w:r><w:{element} xml:space="preserve">{text}</w:{element}></w:r>'


@pytest.mark.parametrize(
    ("paragraph", "text"),
    [
        (_run("on") + '<w:proofErr w:type="spellStart"/>' + _run("e"), "one"),
        (f'{_run("on")}<w:smartTag w:uri="u" w:element="e">{_run("e")}</w:smartTag>', "one"),
        (f'{_run("on")}<w:hyperlink r:id="rId1">{_run("e")}</w:hyperlink><w:bookmarkEnd w:id="0"/>', "one"),
        (f'{_run("on")}<w:commentRangeStart w:id="0"/>{_run("e")}', "one"),
        (f'{_run("one")}<w:r><w:footnoteReference w:id="1"/></w:r>{_run("two")}', "one\ttwo"),
        ("<w:r><w:t>one</w:t><w:tab/><w:br/><w:t>two</w:t><w:noBreakHyphen/><w:t>three</w:t></w:r>", "one\ttwo-three"),
        (
            (
                f'<w:r><w:fldChar w:fldCharType="begin"/></w:r>{_run("HYPER", "instrText")}{_run("LINK", "instrText")}'
                f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{_run("shown")}'
            ),
            "HYPERLINK\tshown",
        ),
        (f"<w:r><w:t><![CDATA[one]]></w:t></w:r>{_run('two')}", "onetwo"),
        (f"<w:r><w:txbxContent><w:p>{_run('box')}</w:p></w:txbxContent></w:r>{_run('two')}", "box\ntwo"),
    ],
)
def test_runs_of_a_word_document(paragraph: str, text: str) -> None:
    assert _word(paragraph).decode() == f"{text}\n\nnext\n"


def test_what_was_deleted_and_inserted_is_read_with_and_without() -> None:
    key = organization_key(random.Random(1))
    deleted = f'<w:del w:id="1">{_run(key[15:], "delText")}</w:del>'
    inserted = f'<w:ins w:id="2">{_run("other")}</w:ins>'
    mark = '<w:pPr><w:rPr><w:ins w:id="3"/></w:rPr></w:pPr>'
    assert _word(mark + _run(key[:15]) + deleted + inserted).decode() == f"{key[:15]}other\t{key}\n\nnext\n"


def test_cells_of_opendocument_are_named_and_apart() -> None:
    token = personal_access_token(random.Random(2))
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    empty = '<table:table-cell table:number-columns-repeated="25"/>'
    rows = (
        '<table:table-row table:number-rows-repeated="6"><table:table-cell/></table:table-row>'
        f"<table:table-row>{cell.format('anyreach')}{empty}{cell.format(token)}</table:table-row>"
    )
    table = f'<table:table table:name="Sheet">{rows}</table:table>'
    data = _document("odt", "one").replace(b"</text:p><text:p>next", b"</text:p>" + table.encode() + b"<text:p>next")
    assert open_(data).contents == [f"one\nSheet!A7:\tanyreach\nAA7:\t{token}\nnext\n".encode()]


def test_notes_of_opendocument_do_not_join_what_is_around_them() -> None:
    body = "<text:note-body><text:p>note</text:p></text:note-body>"
    note = f"<text:note><text:note-citation>1</text:note-citation>{body}</text:note>"
    annotation = "<office:annotation><dc:creator>me</dc:creator><text:p>remark</text:p></office:annotation>"
    assert open_(_document("odt", "one", note, "two", annotation)).contents[0].split() == [
        *(b"one", b"1", b"note", b"two", b"me", b"remark", b"next")
    ]


def test_cells_do_not_join_where_pieces_of_a_long_sheet_meet() -> None:
    cells = "".join(f'<c r="A1"><v>{number:07}</v></c>' for number in range(60_000))
    data = f'<worksheet xmlns="{_OOXML}/spreadsheetml/2006/main"><row>{cells}</row></worksheet>'
    assert b"".join(open_(data.encode()).contents).split() == [
        each for number in range(60_000) for each in (b"A1:", b"%07d" % number)
    ]


@pytest.mark.parametrize("part", ["\n", "\t", "<w:tab/>", "<w:del>", "<![CDATA[", "<", "<c ", ' r="A1" ', "<w:p "])
def test_hostile_ones_end(part: str) -> None:
    for before in (f"{_WORD}<w:p>", f"{_WORD}<w:del><c "):
        open_((before + part * 300_000 + "x").encode())
