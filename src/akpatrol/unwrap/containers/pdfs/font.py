"""Turn the codes that a font's strings hold into text and widths (ISO 32000-1, 9.6, 9.7 and 9.10).

A code's text comes from the map to Unicode, else from the encoding. Codes of a font without either say nothing about
the characters: they are counted as unmapped.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from akpatrol.unwrap.containers.member import Unreadable
from akpatrol.unwrap.containers.pdfs.cff import encoding_of
from akpatrol.unwrap.containers.pdfs.character_map import CharacterMap, character_map
from akpatrol.unwrap.containers.pdfs.dictionary import is_dictionary, numbers
from akpatrol.unwrap.containers.pdfs.glyph_names import OTHER, text_of
from akpatrol.unwrap.containers.pdfs.widths import standard_widths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.unwrap.containers.pdfs.dictionary import Dictionary

_SYMBOLIC = 1 << 2  # table 123
_NO_WIDTH = 500.0
# Fonts of signs, in which no text is set.
_SIGNS = re.compile(r"/(?:[A-Z]{6}\+)?(?:Symbol|(?:Zapf)?Dingbats|Wingdings|Webdings)")
# In the fonts of these collections, the first characters are those of ASCII (Adobe Technical Notes 5078 to 5080, 5093).
_COLLECTIONS = (b"Japan1", b"GB1", b"CNS1", b"Korea1", b"KR")
_BUILT_IN = re.compile(rb"dup\s+(\d{1,3})\s*/(\S+)\s+put")
_HIGH_ASCII = 0x7F
# Standard encoding (Annex D.2) differs from ASCII only in quotes.
_ASCII = {code: chr(code) for code in range(32, _HIGH_ASCII)} | dict.fromkeys(range(128, 256), OTHER)
# Fonts lead back from a glyph to one of several characters: ligatures, hyphens and blanks are typed as ASCII.
_TYPED = str.maketrans(
    {"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl", "\ufb05": "st", "\ufb06": "st"}
    | dict.fromkeys("\u00ad\u2010\u2011\u2212", "-")
    | {"\u00a0": " "}
)
_MOST_WIDTHS = 1 << 16


class Font:
    """One font of a page. Creating it raises nothing: what is damaged in it counts as absent."""

    def __init__(self, dictionary: Dictionary) -> None:
        self.name = str(dictionary.get("BaseFont") or dictionary.get("Name") or "/?").removeprefix("/")
        self._composite = dictionary.get("Subtype") == "/Type0"
        self._map = _map(dictionary.get("ToUnicode")) or CharacterMap({}, [])
        self.scale = 0.001
        if self._composite:
            self._read_composite(dictionary)
        else:
            self._read_simple(dictionary)
        # A map that gives everything the same text was made for nobody.
        known = {text for text in self._map.texts.values() if text.strip("\0\ufffd")}
        self._usable = self._map.texts if known else {}
        self._known: dict[int, str | None] = {}

    def glyphs(self, string: bytes) -> Iterator[tuple[str | None, float, bool]]:
        """Yield the text, the width in text space and whether it is a space of one byte, for each code of a string.

        The text is None where the font says nothing about it.
        """
        if not self._composite:
            for code in string:
                yield self._text(code), self._widths.get(code, self._default) * self.scale, code == ord(" ")
            return
        position = 0
        while position < len(string):
            number = self._length(string[position])
            code = int.from_bytes(string[position : position + number])
            position += number
            width = self._widths.get(self._cid(code), self._default) * self.scale
            yield self._text(code), width, number == 1 and code == ord(" ")

    def _text(self, code: int) -> str | None:
        if code not in self._known:
            text = self._usable.get(code)
            if not text or not text.strip("\0\ufffd"):
                text = self._encoding.get(code) if not self._composite else self._composite_text(code)
            self._known[code] = text.translate(_TYPED) if text else text
        return self._known[code]

    def _read_simple(self, dictionary: Dictionary) -> None:
        descriptor = dictionary.get("FontDescriptor")
        descriptor = descriptor if is_dictionary(descriptor) else None
        self._encoding = _simple_encoding(dictionary, descriptor, self.name)
        widths, first = numbers(dictionary.get("Widths")), dictionary.get("FirstChar")
        first = first if isinstance(first, int) else 0
        self._widths = {first + place: width for place, width in enumerate(widths[:256])}
        missing = descriptor.get("MissingWidth") if descriptor else None
        self._default = float(missing) if isinstance(missing, int | float) and missing else _NO_WIDTH
        if not widths:
            self._widths = standard_widths(self.name)
        if dictionary.get("Subtype") == "/Type3":
            matrix = numbers(dictionary.get("FontMatrix"))
            self.scale = matrix[0] if matrix and matrix[0] else 0.001

    def _read_composite(self, dictionary: Dictionary) -> None:
        descendants = dictionary.get("DescendantFonts")
        inner = descendants[0] if isinstance(descendants, list) and descendants else None
        self._widths, self._default = dict[int, float](), 1000.0
        collection = b""
        if is_dictionary(inner):
            width = inner.get("DW")
            self._default = float(width) if isinstance(width, int | float) else 1000.0
            self._widths = _cid_widths(inner.get("W"))
            system = inner.get("CIDSystemInfo")
            ordering = system.get("Ordering") if is_dictionary(system) else None
            collection = ordering if isinstance(ordering, bytes) else b""
        encoding = dictionary.get("Encoding")
        self._codes = _map(encoding) if is_dictionary(encoding) else None
        self._code_name = encoding if isinstance(encoding, str) else ""
        self._identity = self._code_name.startswith("/Identity") or self._codes is not None
        self._collected = collection in _COLLECTIONS

    def _length(self, first: int) -> int:
        if self._codes is not None:
            return self._codes.length(first) or 2
        # The predefined CMaps that mix lengths have ASCII in one byte (table 118).
        name = self._code_name
        if self._identity or name in ("", "/H", "/V") or "UCS2" in name or "UTF16" in name:
            return 2
        return 1 if first <= _HIGH_ASCII or ("RKSJ" in name and 0xA0 <= first <= 0xDF) else 2  # noqa: PLR2004

    def _cid(self, code: int) -> int:
        if self._identity or not self._code_name:
            return code
        return code - 31 if ord(" ") <= code < _HIGH_ASCII else 0

    def _composite_text(self, code: int) -> str | None:
        if self._identity or not self._code_name:
            if not self._collected:
                return None
            return chr(code + 31) if 1 <= code <= 95 else OTHER  # noqa: PLR2004 - as many as ASCII has
        return chr(code) if ord(" ") <= code < _HIGH_ASCII else OTHER


def _map(stream: Any) -> CharacterMap | None:
    if not is_dictionary(stream):
        return None
    try:
        return character_map(stream.data())
    except Unreadable:
        return None


def _simple_encoding(dictionary: Dictionary, descriptor: Dictionary | None, name: str) -> dict[int, str | None]:
    encoding, flags = dictionary.get("Encoding"), descriptor.get("Flags") if descriptor else 0
    base = encoding.get("BaseEncoding") if is_dictionary(encoding) else encoding
    texts: dict[int, str | None] = {}
    if _SIGNS.match("/" + name):
        return dict.fromkeys(range(256), OTHER)
    if base or not (isinstance(flags, int) and flags & _SYMBOLIC):
        texts |= _ASCII
    elif descriptor:
        texts |= _built_in(descriptor)
    differences = encoding.get("Differences") if is_dictionary(encoding) else None
    code = 0
    for each in differences if isinstance(differences, list) else ():
        if isinstance(each, int):
            code = each
        elif isinstance(each, str):
            texts[code] = text_of(each)
            code += 1
    return texts


def _built_in(descriptor: Dictionary) -> dict[int, str | None]:
    """Return the encoding that stands in plain text where a Type 1 font begins (Adobe Type 1 Font Format, 2.3)."""
    program, compact = descriptor.get("FontFile"), descriptor.get("FontFile3")
    try:
        if is_dictionary(compact) and compact.get("Subtype") == "/Type1C":
            own = encoding_of(compact.data())
            return dict(_ASCII) if own.is_standard else _named(own.names)
        if not is_dictionary(program):
            return {}
        head = program.data().partition(b"eexec")[0]
    except (Unreadable, IndexError, ValueError, KeyError):
        return {}
    if b"/Encoding StandardEncoding" in head:
        return dict(_ASCII)
    return _named({int(match[1]): match[2].decode("latin-1") for match in _BUILT_IN.finditer(head)})


def _named(names: dict[int, str]) -> dict[int, str | None]:
    """Return the texts of an encoding in a font itself: a code without a name there has no glyph."""
    return dict.fromkeys(range(256), OTHER if names else None) | {code: text_of(name) for code, name in names.items()}


def _cid_widths(value: Any) -> dict[int, float]:
    """Return the widths of CIDs (9.7.4.3): a first one with a list, or a first and last one with a single width."""
    widths: dict[int, float] = {}
    items, position = value if isinstance(value, list) else [], 0
    while position + 1 < len(items) and len(widths) < _MOST_WIDTHS:
        first, following = items[position], items[position + 1]
        if not isinstance(first, int):
            position += 1
        elif isinstance(following, list):
            widths.update((first + place, width) for place, width in enumerate(numbers(following)))
            position += 2
        else:
            last, width = following, items[position + 2] if position + 2 < len(items) else None
            if isinstance(last, int) and isinstance(width, int | float):
                widths.update((cid, float(width)) for cid in range(first, min(last, first + _MOST_WIDTHS) + 1))
            position += 3
    return widths
