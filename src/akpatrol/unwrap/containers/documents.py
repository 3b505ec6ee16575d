"""Extract the text of office documents, without the formatting that may split a word into several runs.

These are the parts of docx, pptx and xlsx (ECMA-376) and of OpenDocument, which are members of a zip, and RTF.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.unwrap.containers.member import PIECE_BYTES, Member
from akpatrol.unwrap.encodings.lazy_pattern import lazy

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes
    from akpatrol.unwrap.containers.member import Flaw

# The end of a paragraph, a cell, a string or a line, and blanks: text is not joined across them.
_BREAK = lazy(
    rb"</?(?:[\w.-]+:)?(?:p|h|si|is|c|row|tr|tc|table-cell|br|cr|tab|s|line-break|instrText|fldChar|comment|f|v)(?:\s[^<>]*)?/?>"
)
_TAG = lazy(rb"<[^<>]*>")
# Indentation between elements, for people who read XML; within a text element it is text.
_INDENT = lazy(rb"(?<=>)(?<!<w:t>)(?<!<a:t>)(?<!<t>)\s*\n\s*(?=<)")
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
    """Yield the text without its formatting, one paragraph per line. Raises OverLimit and OSError."""
    rtf = source.peek(5) == b"{\\rtf"
    level.member()
    yield Member("document", pieces=_texts(source, level, _rtf_text if rtf else _xml_text, b"\\" if rtf else b"<"))


def _texts(source: ContainerBytes, level: Level, text: Callable[[bytes], bytes], mark: bytes) -> Iterator[bytes]:
    rest = b""
    while data := rest + (more := source.read(PIECE_BYTES)):
        # A tag that begins in the last part may end in the next one.
        cut = data.rfind(mark, max(1, len(data) - _TAG_BYTES)) if more else -1
        data, rest = (data, b"") if cut < 0 else (data[:cut], data[cut:])
        piece = text(data)
        level.spend(len(piece))
        if piece:
            yield piece


def _xml_text(data: bytes) -> bytes:
    return _TAG.sub(b"", _BREAK.sub(b"\n", _INDENT.sub(b"", data)))


def _rtf_text(data: bytes) -> bytes:
    return _RTF.sub(_rtf_character, data)


def _rtf_character(match: re.Match[bytes]) -> bytes:
    if match[1]:
        return b"\n"
    return bytes.fromhex(match[2].decode()) if match[2] else match[3] or b""
