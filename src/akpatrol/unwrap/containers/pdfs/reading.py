"""Yield what a PDF shows and holds: the text of pages, files, strings, and streams that need pypdf's filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from akpatrol.unwrap.containers.member import Unreadable
from akpatrol.unwrap.containers.pdfs.dictionary import is_dictionary
from akpatrol.unwrap.containers.pdfs.layout import texts
from akpatrol.unwrap.containers.pdfs.objects import PICTURES, Objects
from akpatrol.unwrap.containers.pdfs.page import PageText

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.unwrap.containers.pdfs.dictionary import Dictionary
    from akpatrol.unwrap.containers.pdfs.font import Font

# What ``pdf.py`` expands itself.
_PLAIN_FILTERS = ("/FlateDecode", "/ASCII85Decode", "/ASCIIHexDecode", "/Fl", "/A85", "/AHx")
# Not text: identifiers, keys, signatures, and the names of glyphs in a font.
_NO_TEXT = (
    "/ID",
    "/O",
    "/U",
    "/OE",
    "/UE",
    "/Perms",
    "/CharSet",
    "/Panose",
    "/CheckSum",
    "/Cert",
    "/ByteRange",
    "/Lookup",
)
_FONTS = ("/Type1C", "/CIDFontType0C", "/OpenType")
_DEEPEST, _MOST_PAGES = 100, 100_000


class PdfPart(NamedTuple):
    """A part of the PDF: its ``label``, text or bytes, the ``name`` that the PDF has for it, and why it is not whole.

    ``covered`` are the offsets of objects that were read with it, ``other`` those of streams that show nothing.
    ``encrypted`` says that the PDF is encrypted, though with an empty password.
    """

    label: str = ""
    data: bytes = b""
    name: bytes = b""
    flaw: str = ""
    covered: tuple[int, ...] = ()
    other: tuple[int, ...] = ()
    encrypted: bool = False


class Reading:
    """One PDF while it is read. With ``wanted``, only pages that draw an object at one of these offsets are told."""

    def __init__(self, data: bytes, wanted: frozenset[int] | None = None) -> None:
        self._objects = Objects(data)
        self._wanted = wanted
        self._fonts: dict[object, Font] = {}
        self._done: set[object] = set()
        self._pages: set[object] = set()
        self._lost = False

    def parts(self) -> Iterator[PdfPart]:
        """Yield all parts. Raises MemoryError."""
        yield PdfPart(encrypted=self._objects.encrypted)
        number = 0
        for number, (page, resources) in enumerate(self._tree(), 1):
            yield from self._page(page, resources, f"page {number}")
        if self._objects.is_repaired:
            yield PdfPart(flaw="PDF: damaged: its table of objects is missing")
        elif self._lost or not number:
            yield PdfPart(flaw="PDF: its pages cannot all be found")
        if self._wanted is None:
            yield from self._others()

    def _tree(self) -> Iterator[tuple[Any, Any]]:
        """Yield the pages in order, with their resources, which they may inherit (7.7.3.4)."""
        root = self._objects.trailer.get("Root")
        waiting: list[tuple[Any, Any, int]] = [(root.get("Pages") if is_dictionary(root) else None, None, 0)]
        while waiting:
            node, resources, depth = waiting.pop()
            if not is_dictionary(node) or depth > _DEEPEST or len(self._pages) > _MOST_PAGES:
                self._lost = True
                continue
            if node.key in self._pages:
                continue
            self._pages.add(node.key)
            own, kids = node.get("Resources"), node.get("Kids")
            resources = own if is_dictionary(own) else resources
            if isinstance(kids, list) and node.get("Type") != "/Page":
                waiting += [(kid, resources, depth + 1) for kid in reversed(kids)]
            else:
                yield node, resources

    def _page(self, page: Dictionary, resources: Any, title: str) -> Iterator[PdfPart]:
        text = PageText(self._fonts, self._objects.errors)
        contents = page.get("Contents")
        # An operator and its operands may be in two streams (7.8.2).
        data = [self._drawn(text, stream) for stream in (contents if isinstance(contents, list) else [contents])]
        yield from self._run(text, b"\n".join(data), resources, title)
        annotations = page.get("Annots")
        if self._wanted is None and isinstance(annotations, list):
            notes = [each for each in annotations if is_dictionary(each)]
            self._done.update(each.key for each in notes)
            if lines := [line for each in notes for line in _lines(each)]:
                yield PdfPart(f"pdf:{title} annotations", "\n".join(lines).encode("utf-8", "replace"))

    def _drawn(self, text: PageText, stream: Any) -> bytes:
        if not is_dictionary(stream):
            return b""
        text.drawn.append(stream.key)
        try:
            return stream.data()
        except Unreadable as error:
            text.flaws.append(str(error))
            return b""

    def _run(self, text: PageText, content: bytes, resources: Any, title: str) -> Iterator[PdfPart]:
        flaws = text.flaws
        try:
            text.run(content, resources)
        except Unreadable as error:
            flaws.append(str(error))
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - what one page brings about must not hide the others
            flaws.append(f"damaged ({type(error).__name__})")
        covered = tuple(offset for key in text.drawn if (offset := self._objects.offset(key)) is not None)
        if self._wanted is not None and self._wanted.isdisjoint(covered):
            return
        self._done.update(text.drawn)
        if self._objects.errors > text.errors:
            flaws.append("a part of it is missing or damaged")
        if text.unmapped:
            flaws.append("its font has no map to text")
        lines, wrapped = texts(text.pieces)
        yield PdfPart(f"pdf:{title}" if lines.strip() else "", lines.encode("utf-8", "replace"), covered=covered)
        if wrapped:
            yield PdfPart(f"pdf:{title}, over two lines", wrapped.encode("utf-8", "replace"))
        for flaw in dict.fromkeys(flaws):
            yield PdfPart(flaw=f"PDF: {title}: {flaw.removeprefix('PDF: ')}")

    def _others(self) -> Iterator[PdfPart]:
        """Yield what is not on pages: files, strings, and the streams that nothing has drawn."""
        found = _ObjectTexts(self._objects.trailer.raw("Info"))
        for number in self._objects.numbers():
            each = self._objects.at(number)
            if is_dictionary(each):
                found.add(each, number, is_told=each.key in self._done)
                if each.get("Type") == "/Page" and each.key not in self._pages:
                    yield from self._page(each, _resources(each), f"page of object {number}")
            else:
                found.strings += [_line(number, "", text) for text in _flat(each)]
        for title, lines in (("info", found.about), ("strings", found.strings)):
            if lines:
                yield PdfPart(f"pdf:{title}", "\n".join(lines).encode("utf-8", "replace"))
        for number in found.streams:
            stream = self._objects.at(number)
            if is_dictionary(stream) and stream.key not in self._done:
                yield from self._stream(stream, number, found.names.get(stream.key, b""))

    def _stream(self, stream: Dictionary, number: int, name: bytes) -> Iterator[PdfPart]:
        """Yield a stream's text if it is a form, its content if it is a file, or one that takes pypdf to be read."""
        filters = stream.filters()
        offset = self._objects.offset(stream.key)
        covered = () if offset is None else (offset,)
        is_file = name or stream.get("Type") == "/EmbeddedFile"
        if not is_file and _is_picture(stream, filters):
            return
        if not is_file and (stream.get("Subtype") == "/Form" or stream.get("PatternType")):
            text = PageText(self._fonts, self._objects.errors)
            yield from self._run(text, self._drawn(text, stream), stream.get("Resources"), f"object {number}")
            return
        if not is_file and not self._objects.encrypted and _is_plain(stream, filters):
            if _shows_nothing(stream):
                yield PdfPart(other=covered)
            return
        try:
            label = f"pdf:attached {name.decode('utf-8', 'backslashreplace')}" if name else f"pdf:object {number}"
            yield PdfPart(label, stream.data(), name, covered=covered)
        except Unreadable as error:
            yield PdfPart(flaw=f"PDF: object {number}: {str(error).removeprefix('PDF: ')}", covered=covered)


class _ObjectTexts:
    """What all objects have: strings, those ``about`` the PDF, the numbers of streams, and files' ``names`` by key."""

    def __init__(self, info: object) -> None:
        self.about: list[str] = []
        self.strings: list[str] = []
        self.streams: list[int] = []
        self.names: dict[object, bytes] = {}
        self._info = info

    def add(self, each: Dictionary, number: int, *, is_told: bool) -> None:
        """Add what a dictionary has; where that ``is_told`` already, only the name of a file."""
        for specification in (each, each.get("FS")):
            embedded = specification.get("EF") if is_dictionary(specification) else None
            if is_dictionary(embedded) and (name := _file_name(specification)):
                self.names |= {embedded.raw(of): name for of in embedded.names()}
        if not is_told:
            (self.about if each.key == self._info else self.strings).extend(_lines(each, number))
            if each.is_stream:
                self.streams.append(number)


def _resources(page: Dictionary) -> Any:
    own, parent = page.get("Resources"), page.get("Parent")
    return own if is_dictionary(own) or not is_dictionary(parent) else parent.get("Resources")


def _is_picture(stream: Dictionary, filters: list[str]) -> bool:
    return stream.get("Subtype") == "/Image" or any(each in PICTURES for each in filters)


def _shows_nothing(stream: Dictionary) -> bool:
    """Return whether a stream is a font, a table or the like (9.9, 7.5.7, 14.3.2)."""
    names = ("Type", "Length1", "CMapName", "N", "FunctionType")
    return stream.get("Subtype") in _FONTS or any(stream.get(name) is not None for name in names)


def _is_plain(stream: Dictionary, filters: list[str]) -> bool:
    """Return whether ``pdf.py`` expands it."""
    if any(each not in _PLAIN_FILTERS for each in filters) or stream.raw("Filter") is not None:
        return False
    parameters = stream.get("DecodeParms")
    parameters = parameters if isinstance(parameters, list) else [parameters]
    return all(not is_dictionary(each) or each.get("Predictor") in (None, 1) for each in parameters)


def _lines(dictionary: Dictionary, number: int = 0) -> list[str]:
    return [_line(number, name, text) for name, text in dictionary.strings() if name not in _NO_TEXT and text]


def _line(number: int, name: str, text: bytes) -> str:
    return " ".join(filter(None, (f"object {number}:" if number else "", name, _decoded(text))))


def _flat(value: Any, depth: int = 0) -> list[bytes]:
    if isinstance(value, bytes):
        return [value]
    return [text for each in value for text in _flat(each, depth + 1)] if isinstance(value, list) and depth < 8 else []  # noqa: PLR2004


def _file_name(specification: Dictionary) -> bytes:
    name = specification.get("UF") or specification.get("F")
    return _decoded(name).encode("utf-8", "replace") if isinstance(name, bytes) else b""


def _decoded(text: bytes) -> str:
    """Return a text string (7.9.2.2); PDFDocEncoding is like ASCII and Latin-1 where credentials are written."""
    if text[:2] in (b"\xfe\xff", b"\xff\xfe"):
        return text.decode("utf-16", "replace")
    if text[:3] == b"\xef\xbb\xbf":
        return text[3:].decode("utf-8", "replace")
    return text.decode("latin-1")
