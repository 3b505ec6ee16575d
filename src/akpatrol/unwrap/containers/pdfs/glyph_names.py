"""What the names of glyphs say about characters (Adobe Glyph List Specification, 2; ISO 32000-1, Annex D).

Credentials are ASCII, so that the names of other characters need not be told apart.
"""

from __future__ import annotations

import re
from typing import Final

# A character that is known not to be ASCII.
OTHER: Final = "\u00b7"
_NAMES: Final = (
    "space exclam quotedbl numbersign dollar percent ampersand quotesingle parenleft parenright asterisk plus comma "
    "hyphen period slash zero one two three four five six seven eight nine colon semicolon less equal greater "
    "question at bracketleft backslash bracketright asciicircum underscore grave braceleft bar braceright asciitilde"
)
_SIGNS: Final = " !\"#$%&'()*+,-./0123456789:;<=>?@[\\]^_`{|}~"
_OTHERS: Final = {
    "sfthyphen": "-",
    "minus": "-",
    "quoteright": "'",
    "quoteleft": "`",
    "nbspace": " ",
    "nonbreakingspace": " ",
}
_LIGATURES: Final = {"fi": "fi", "fl": "fl", "ff": "ff", "ffi": "ffi", "ffl": "ffl"}
_TEXTS: Final = {**dict(zip(_NAMES.split(), _SIGNS, strict=True)), **_OTHERS, **_LIGATURES, ".notdef": OTHER}
_BY_NUMBER = re.compile(r"(?:uni|u)([0-9A-F]{4,6})")
# A number in a font, which says nothing about the character: "g12", "cid34", "C0056", "glyph7", "a5", "G3F".
_NUMBERED = re.compile(r"[A-Za-z.]{0,5}_?[0-9][0-9A-Fa-f]*")


def text_of(name: str) -> str | None:
    """Return the text of the glyph that is called so, ``OTHER`` for what is not ASCII, None for a mere number."""
    name = name.removeprefix("/")
    if len(name) == 1:
        return name if name.isascii() else OTHER
    if name in _TEXTS:
        return _TEXTS[name]
    name = name.partition(".")[0] or name  # "a.sc" is an "a"
    if len(name) == 1 or name in _TEXTS:
        return _TEXTS.get(name, name)
    if match := _BY_NUMBER.fullmatch(name):
        number = int(match[1][:4], 16)
        return chr(number) if ord(" ") <= number < 0xD800 else OTHER  # noqa: PLR2004 - surrogates
    return None if _NUMBERED.fullmatch(name) else OTHER
