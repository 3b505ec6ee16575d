"""The objects of a PDF, read by pypdf, as the dictionaries that the modules beside know.

Of two libraries, pypdf 7 and pypdfium2 5 (tried on one machine in 2026), the second is ten times as fast (a manual of
260 kB in 0.1 s, not 0.9), in 23 MB instead of 40, and sets pages better than the first one's ``extract_text``, which
puts each glyph that is placed by itself on a line. But it is 8 MB of native code, which a hostile file may take over,
and gives neither the objects nor their streams. So pypdf reads objects, damaged tables, filters and encryption, and
pages are set by ``page.py`` and ``layout.py``. pypdf bounds sizes, but not all of its time and memory: it runs in a
process of its own (``worker.py``).
"""

from __future__ import annotations

import logging
import re
from io import BytesIO
from typing import TYPE_CHECKING, Any

from pypdf import PdfReader, overwrite_configuration
from pypdf.errors import DependencyError, PyPdfError
from pypdf.generic import (
    ArrayObject,
    BooleanObject,
    ByteStringObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    StreamObject,
    TextStringObject,
)

from akpatrol.unwrap.containers.member import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from akpatrol.unwrap.containers.pdfs.dictionary import Dictionary

PICTURES = ("/DCTDecode", "/DCT", "/JPXDecode", "/CCITTFaxDecode", "/CCF", "/JBIG2Decode")
_CATALOG = re.compile(rb"(\d+)\s+0\s+obj\s*<<[^>]{0,200}/Type\s*/Catalog\b")
_PAGE = re.compile(rb"/Type\s*/Page\b")
_MOST_BYTES = 64 << 20
_MOST_ITEMS, _MOST_SEARCHES = 200_000, 50
# pypdf keeps all that it has read: so many objects take some 50 MB.
_MOST_KEPT = 4_000


class Objects:
    """The objects of the PDF in ``data``.

    ``errors`` counts what was asked for and could not be read. Creating it raises Unreadable, also for a PDF that is
    encrypted with a password.
    """

    def __init__(self, data: bytes) -> None:
        logging.getLogger("pypdf").setLevel(logging.CRITICAL)
        # No other program is run for pictures, which are not read.
        overwrite_configuration(
            jbig2dec_binary=None,
            zlib_maximum_output_length=_MOST_BYTES,
            lzw_maximum_output_length=_MOST_BYTES,
            run_length_maximum_output_length=_MOST_BYTES,
        )
        self.errors = self._searched = 0
        self._data = data
        self._named: dict[int, object] = {}
        self.is_repaired = False
        try:
            self._reader = self._opened()
            # A PDF that only restricts printing has an empty password for readers (ISO 32000-1, 7.6.3.1).
            self.encrypted = self._reader.is_encrypted
            opened = not self.encrypted or self._reader.decrypt("")
        except DependencyError:
            raise Unreadable("PDF: encrypted by AES, which takes akpatrol[documents]") from None
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - pypdf raises whatever Python does
            raise Unreadable(f"PDF: damaged: {_short(error)}") from None
        if not opened:
            raise Unreadable("PDF: encrypted")

    def _opened(self) -> PdfReader:
        try:
            reader = PdfReader(BytesIO(self._data))
            if "/Root" in reader.trailer:
                return reader
        except (MemoryError, DependencyError):
            raise
        except Exception:
            if not _CATALOG.search(self._data) and not _PAGE.search(self._data):
                raise
        # Its end is missing: with another one, objects are searched for.
        self.is_repaired = True
        catalogs = _CATALOG.findall(self._data)
        root = b"/Root %b 0 R" % catalogs[-1] if catalogs else b""
        return PdfReader(BytesIO(b"%b\ntrailer\n<< %b >>\nstartxref\n0\n%%%%EOF\n" % (self._data, root)))

    @property
    def trailer(self) -> Dictionary:
        """The dictionary from which all others are reached."""
        return _Dictionary(self, self._reader.trailer, "trailer")

    def numbers(self) -> Iterator[int]:
        """Yield the numbers of all objects."""
        listed = [number for of_generation in list(self._reader.xref.values()) for number in of_generation]
        yield from sorted({*listed, *self._reader.xref_objStm})[:_MOST_ITEMS]

    def at(self, number: int) -> Any:
        """Return the object of a number, None where there is none or it is damaged."""
        generations = [generation for generation, of in self._reader.xref.items() if number in of]
        return self.plain(IndirectObject(number, max(generations, default=0), self._reader))

    def offset(self, key: object) -> int | None:
        """Return where an object begins, None for one that has no place of its own."""
        if not isinstance(key, tuple) or (not key[1] and key[0] in self._reader.xref_objStm):
            return None
        start = self._reader.xref.get(key[1], {}).get(key[0])
        if not isinstance(start, int):
            return None
        while self._data[start : start + 1].isspace():
            start += 1
        return start

    def plain(self, value: Any) -> Any:
        """Return a value of pypdf's as one of Python's, as ``Dictionary.get`` does."""
        key: object = None
        if isinstance(value, IndirectObject):
            key, value = (value.idnum, value.generation), self._resolved(value)
        if isinstance(value, DictionaryObject):
            return _Dictionary(self, value, key)
        if isinstance(value, ArrayObject):
            return [self.plain(each) for each in list.__iter__(value)][:_MOST_ITEMS]
        return _scalar(value)

    def name(self, value: object) -> int:
        """Return a key for an object within another, which is that of no other one."""
        self._named[id(value)] = value
        return id(value)

    def _resolved(self, reference: IndirectObject) -> Any:
        if len(self._reader.resolved_objects) > _MOST_KEPT:
            self._reader.resolved_objects.clear()
        if not self._is_listed(reference):
            # pypdf searches the whole file for it.
            self._searched += 1
            if self._searched > _MOST_SEARCHES:
                self.errors += 1
                return None
        try:
            value = reference.get_object()
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - pypdf raises whatever Python does
            value = None
        self.errors += value is None
        return value

    def _is_listed(self, reference: IndirectObject) -> bool:
        number = reference.idnum
        return number in self._reader.xref.get(reference.generation, ()) or number in self._reader.xref_objStm


def _scalar(value: Any) -> bytes | str | float | None:
    if isinstance(value, TextStringObject | ByteStringObject):
        return bytes(value.original_bytes)
    if isinstance(value, NameObject):
        return str(value)
    if isinstance(value, BooleanObject):
        return int(bool(value.value))
    if isinstance(value, int):
        return int(value)
    return float(value) if isinstance(value, float) else None


class _Dictionary:
    """A ``Dictionary`` around pypdf's."""

    def __init__(self, objects: Objects, inner: DictionaryObject, key: object) -> None:
        self._objects = objects
        self._inner = inner
        self._key = key

    @property
    def key(self) -> object:
        return self._key or self._objects.name(self._inner)

    def get(self, name: str) -> Any:
        name = "/" + name
        return self._objects.plain(self._inner.raw_get(name)) if name in self._inner else None

    def raw(self, name: str) -> object:
        value = self._inner.raw_get("/" + name) if "/" + name in self._inner else None
        return (value.idnum, value.generation) if isinstance(value, IndirectObject) else None

    def names(self) -> Iterable[str]:
        return [str(name).removeprefix("/") for name in self._inner]

    def strings(self) -> Iterator[tuple[str, bytes]]:
        yield from _strings(self._inner, "", 0)

    @property
    def is_stream(self) -> bool:
        return isinstance(self._inner, StreamObject)

    def filters(self) -> list[str]:
        value = self.get("Filter")
        return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]

    def data(self) -> bytes:
        if not isinstance(self._inner, StreamObject):
            return b""
        for name in self.filters():
            if name in PICTURES:
                raise Unreadable(f"PDF: a stream is compressed by {name[1:]}, which is not read")
        try:
            return bytes(self._inner.get_data())
        except MemoryError:
            raise
        except (PyPdfError, NotImplementedError) as error:
            raise Unreadable(f"PDF: a stream cannot be read: {_short(error)}") from None
        except Exception:  # noqa: BLE001 - pypdf raises whatever Python does
            raise Unreadable("PDF: a stream is damaged") from None


def _strings(value: Any, name: str, depth: int) -> Iterator[tuple[str, bytes]]:
    if isinstance(value, TextStringObject | ByteStringObject):
        yield name, bytes(value.original_bytes)
    elif isinstance(value, DictionaryObject) and depth < 32:  # noqa: PLR2004 - deeper than any real one
        for key in value:
            yield from _strings(value.raw_get(key), str(key), depth + 1)
    elif isinstance(value, ArrayObject) and depth < 32:  # noqa: PLR2004
        for each in list.__iter__(value):
            yield from _strings(each, name, depth + 1)


def _short(error: Exception) -> str:
    """Return an error's first words; the file may have any text in them."""
    text = " ".join(str(error).split())
    return "".join(each if " " <= each <= "~" else "?" for each in text)[:80] or type(error).__name__
