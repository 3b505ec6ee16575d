"""Writes PDF: objects, a table at the end, pages of text in simple and in composite fonts (ISO 32000-1)."""

from __future__ import annotations

import zlib
from typing import NamedTuple

_HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
HELVETICA = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"


def stream(dictionary: bytes, data: bytes) -> bytes:
    return b"<< %b /Length %d >>\nstream\n%b\nendstream" % (dictionary, len(data), data)


def flate(data: bytes, dictionary: bytes = b"") -> bytes:
    return stream(b"/Filter /FlateDecode " + dictionary, zlib.compress(data))


class Pdf:
    """Objects by number; 1 is the catalog, 2 the root of the pages."""

    def __init__(self) -> None:
        self.objects: dict[int, bytes] = {}
        self.catalog = b""
        self.trailer = b""
        self._pages: list[int] = []

    def add(self, content: bytes) -> int:
        number = next(reversed(self.objects), 2) + 1
        self.objects[number] = content
        return number

    def page(self, content: bytes, *, fonts: bytes = HELVETICA, more: bytes = b"", packed: bool = True) -> int:
        """Add a page whose fonts are /F, or as ``fonts`` says in a dictionary of its own."""
        drawn = self.add(flate(content) if packed else stream(b"", content))
        resources = fonts if b"/F " in fonts else b"/Font << /F %b >>" % fonts
        number = self.add(
            b"<< /Type /Page /Parent 2 0 R /Contents %d 0 R /Resources << %b >> %b >>" % (drawn, resources, more)
        )
        self._pages.append(number)
        return number

    def written(self) -> bytes:
        data, offsets = bytearray(_HEADER), {}
        for number, content in sorted(self._all().items()):
            offsets[number] = len(data)
            data += b"%d 0 obj\n%b\nendobj\n" % (number, content)
        size = max(offsets) + 1
        table = b"".join(
            b"%010d 00000 n \n" % offsets[each] if each in offsets else b"0000000000 65535 f \n" for each in range(size)
        )
        trailer = b"trailer\n<< /Root 1 0 R /Size %d %b >>\nstartxref\n%d\n%%%%EOF\n" % (size, self.trailer, len(data))
        return bytes(data) + b"xref\n0 %d\n" % size + table + trailer

    def packed(self) -> bytes:
        """Return it with objects in an object stream, and with a table that is a stream (7.5.7, 7.5.8)."""
        entire = self._all()
        inner = {number: content for number, content in entire.items() if not content.endswith(b"endstream")}
        numbers, bodies = list[bytes](), b""
        for number, content in inner.items():
            numbers.append(b"%d %d" % (number, len(bodies)))
            bodies += content + b" "
        index = b" ".join(numbers) + b" "
        holder, table = max(entire) + 1, max(entire) + 2
        outer = {number: content for number, content in entire.items() if number not in inner}
        outer[holder] = flate(index + bodies, b"/Type /ObjStm /N %d /First %d" % (len(inner), len(index)))
        data, places = _HEADER, {number: (2, holder, place) for place, number in enumerate(inner)}
        for number, content in outer.items():
            places[number] = (1, len(data), 0)
            data += b"%d 0 obj\n%b\nendobj\n" % (number, content)
        places[table] = (1, len(data), 0)
        rows = b"".join(
            bytes((kind,)) + where.to_bytes(4) + place.to_bytes(2)
            for kind, where, place in (places.get(number, (0, 0, 0)) for number in range(table + 1))
        )
        dictionary = b"/Type /XRef /W [1 4 2] /Root 1 0 R /Size %d" % (table + 1)
        end = b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(data)
        return data + b"%d 0 obj\n%b" % (table, flate(rows, dictionary)) + end

    def _all(self) -> dict[int, bytes]:
        kids = b" ".join(b"%d 0 R" % number for number in self._pages)
        return {
            1: b"<< /Type /Catalog /Pages 2 0 R %b >>" % self.catalog,
            2: b"<< /Type /Pages /Kids [%b] /Count %d >>" % (kids, len(self._pages)),
            **self.objects,
        }


class Subset(NamedTuple):
    """A composite font as programs embed it: glyphs are numbered as they occur, and a map leads back to text."""

    glyphs: dict[str, int]
    dictionary: bytes

    def string(self, text: str) -> bytes:
        return b"<" + b"".join(b"%04X" % self.glyphs[each] for each in text) + b">"


def subset(pdf: Pdf, text: str, *, mapped: bool = True) -> Subset:
    glyphs = {each: number for number, each in enumerate(dict.fromkeys(text), 3)}
    pairs = b"\n".join(b"<%04X> <%04X>" % (number, ord(each)) for each, number in glyphs.items())
    cmap = (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n1 begincodespacerange\n<0000> <FFFF>\n"
        b"endcodespacerange\n%d beginbfchar\n%b\nendbfchar\nendcmap end end" % (len(glyphs), pairs)
    )
    to_unicode = b"/ToUnicode %d 0 R" % pdf.add(flate(cmap)) if mapped else b""
    return Subset(
        glyphs,
        b"<< /Type /Font /Subtype /Type0 /BaseFont /ABCDEF+Some /Encoding /Identity-H %b "
        b"/DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /BaseFont /ABCDEF+Some "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) "
        b"/Supplement 0 >> /DW 500 >>] >>" % to_unicode,
    )
