"""The text of documents that is split into runs."""

from __future__ import annotations

import io
import random
import zipfile

import pytest

from akpatrol.scanner import Scanner
from akpatrol.unwrap.containers.recognise import kind_of
from tests.credentials import organization_key
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
