"""Extract the text of office documents, without the formatting that may split a word into several runs.

These are the parts of docx, pptx and xlsx (ECMA-376) and of OpenDocument, which are members of a zip, and RTF. What is
deleted counts as well as what is inserted, and so do fields, notes and comments. Cells begin with their name.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from akpatrol.unwrap.containers.cells import Cells
from akpatrol.unwrap.containers.member import PIECE_BYTES, Member
from akpatrol.unwrap.encodings.lazy_pattern import lazy

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes
    from akpatrol.unwrap.containers.member import Flaw

# Ends of paragraphs, strings of a workbook, rows and comments: each is a line, so that a line's number is theirs.
_LINE = lazy(
    rb"(?:</(?:[\w.-]+:)?(?:p|h|si|row|comment)\s{0,8}"
    rb"|<(?:[\w.-]+:)?(?:p|h|si|row|comment)(?:\s[^<>]*)?/)>"
)
# A cell or comment with the name of its cell.
# Bounded, because attributes may go on.
_CELL = lazy(rb"<(?:[\w.-]+:)?(?:c|comment)\s(?:[^<>]{0,200}\s)?r(?:ef)?=\"([A-Z]{1,3}[0-9]{1,7})\"[^<>]{0,300}(?<!/)>")
# Other ends of text: blanks, cells, notes and fields. Text is not joined across them.
_BREAK = lazy(
    rb"</?(?:[\w.-]+:)?(?:p|h|si|is|c|row|tr|tc|table-cell|br|cr|tab|s|line-break|fldChar|comment|f|v|rPh"
    rb"|annotation|creator|date|note|note-citation|footnoteReference|endnoteReference|txbxContent|text)(?:\s[^<>]*)?/?>"
)
_TAG = lazy(rb"<[^<>]*>")
_TABS = lazy(rb"\t\t+")
# ECMA-376 part 1, 22.9.2.19: an underscore that would begin an escaped character.
_UNDERSCORE = b"_x005F_"
# What was deleted or inserted (17.13.5): a word may be whole with only one of them.
_DELETED = lazy(rb"<(/)?(?:[\w.-]+:)?(?:del|moveFrom)(?:\s[^<>]*)?(?<!/)>")
_INSERTED = lazy(rb"<(/)?(?:[\w.-]+:)?(?:ins|moveTo)(?:\s[^<>]*)?(?<!/)>")
_PARAGRAPH_END = lazy(rb"(?<=</w:p>)")
# Indentation between elements, for people who read XML; within a text element it is text.
_INDENT = lazy(rb"(?<=>)(?<!<w:t>)(?<!<a:t>)(?<!<t>)[ \t\r]*+\n\s*+(?=<)")
# The roots of documents whose text is in runs (ECMA-376 parts 1 and 4, OpenDocument 1.3 part 3).
_ROOT = lazy(
    rb"<(?:[\w.-]+:)?(?:document|hdr|ftr|comments|footnotes|endnotes|glossaryDocument|sst|worksheet|sld|notes"
    rb"|sldLayout|sldMaster|cmLst|chartSpace|wsDr|dataModel|package|document-content|document-styles)[\s>]"
)
_NAMESPACE = lazy(
    rb"schemas\.openxmlformats\.org/|purl\.oclc\.org/ooxml/|schemas\.microsoft\.com/office/"
    rb"|urn:oasis:names:tc:opendocument:"
)
# In RTF: the end of a line or a blank, a byte, an escaped character, and formatting.
_RTF = lazy(
    rb"(?s)(\\(?:par|line|cell|row|tab|sect|page)(?![A-Za-z])-?\d* ?|\\~)|\\'([0-9A-Fa-f]{2})|\\([\\{}])"
    rb"|\\[A-Za-z]+-?\d* ?|\\.|[{}\r\n]"
)
# A longer tag is not a tag.
_TAG_BYTES = 64 << 10


def is_document(data: bytes) -> bool:
    """Return whether ``data``, which begins like XML or RTF, is a document whose text is in runs."""
    if data.startswith(b"{\\rtf"):
        return data[5:6].isdigit()
    head = data[:4096]
    return _ROOT.search(head) is not None and _NAMESPACE.search(head) is not None


def members(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield the text without its formatting: a paragraph, string or row per line. Raises OverLimit and OSError."""
    rtf = source.peek(5) == b"{\\rtf"
    level.member()
    yield Member(
        "document",
        pieces=_texts(source, level, _rtf_text if rtf else partial(_xml_text, cells=Cells()), b"\\" if rtf else b"<"),
    )


def _texts(source: ContainerBytes, level: Level, text: Callable[[bytes], bytes], mark: bytes) -> Iterator[bytes]:
    rest, at_start = b"", True
    while data := rest + (more := source.read(PIECE_BYTES)):
        # A tag that begins in the last part may end in the next one, and a paragraph, if it is not a long one.
        near = max(1, len(data) - _TAG_BYTES)
        cut = max(data.rfind(b"</w:p>", near) + 6, 0) if more and b"</w:p>" in data[near:] else -1
        cut = data.rfind(mark, near) if more and cut < 0 else cut
        data, rest = (data, b"") if cut < 0 else (data[:cut], data[cut:])
        piece = text(data)
        if at_start:
            piece = piece.lstrip(b"\t")
        level.spend(len(piece))
        if piece:
            at_start = piece.endswith(b"\n")
            yield piece


def _xml_text(data: bytes, cells: Cells) -> bytes:
    if b"<![CDATA[" in data:
        data = data.replace(b"<![CDATA[", b"").replace(b"]]>", b"")
    data = cells.named(_INDENT.sub(b"", data))
    if _DELETED.search(data):
        return b"".join(map(_both_readings, _PARAGRAPH_END.split(data)))
    return _plain(data)


def _both_readings(paragraph: bytes) -> bytes:
    """Return a paragraph as it is, and on the same line as it was."""
    if not _DELETED.search(paragraph):
        return _plain(paragraph)
    now, before = (_plain(_without(each, paragraph)).lstrip(b"\t") for each in (_DELETED, _INSERTED))
    return now.removesuffix(b"\n").replace(b"\n", b"\t") + b"\t" + before


def _without(elements: re.Pattern[bytes], data: bytes) -> bytes:
    """Return XML without elements and what is in them."""
    parts, depth, position = [], 0, 0
    for tag in elements.finditer(data):
        if not depth:
            parts.append(data[position : tag.start()])
        depth = max(0, depth - 1) if tag[1] else depth + 1
        position = tag.end()
    return b"".join(parts) + (b"" if depth else data[position:])


def _plain(data: bytes) -> bytes:
    if b"<w:noBreakHyphen" in data:
        data = data.replace(b"<w:noBreakHyphen/>", b"-")
    text = _BREAK.sub(b"\t", _CELL.sub(rb"\t\1:", _LINE.sub(b"\n", data)))
    text = _TABS.sub(b"\t", _TAG.sub(b"", text)).replace(b"\t\n", b"\n").replace(b"\n\t", b"\n")
    return text.replace(_UNDERSCORE, b"_")


def _rtf_text(data: bytes) -> bytes:
    return _RTF.sub(_rtf_character, data)


def _rtf_character(match: re.Match[bytes]) -> bytes:
    if match[1]:
        return b"\n"
    return bytes.fromhex(match[2].decode()) if match[2] else match[3] or b""
