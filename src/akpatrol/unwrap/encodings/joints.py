"""What stands between two pieces of a token within a text: marks, quotes and operators, line breaks of HTML.

Adjacent literals: ISO/IEC 9899 section 6.4.5, Python's reference section 2.4.2, POSIX shell section 2.2. Operators:
``+`` in most languages, ``.`` in PHP and Perl, ``..`` in Lua, ``&`` in Visual Basic, ``||`` in SQL, ``<>`` and ``++``
in Elixir, Erlang and Haskell, ``~`` in Twig and Raku, ``^`` in OCaml, ``<<`` in C++ and Ruby.
"""

from __future__ import annotations

from typing import NamedTuple

from akpatrol.unwrap.encodings.lazy_pattern import lazy
from akpatrol.unwrap.encodings.token_text import NOISE, TOKEN

BETWEEN = 1024  # bytes between two pieces

_NOISE = lazy(NOISE + rb"{1,16}(?=" + TOKEN + rb")")
_BREAK = lazy(rb"[ \t]{0,8}<br ?/?>\s{0,80}(?=" + TOKEN + rb")")

_COMMENT = rb"//[^\n]{0,99}\n|\#[^\n]{0,99}\n|/\*[^*]{0,99}\*/|--[^\n]{0,99}\n"
# A notebook's lines are members of a list.
_BLANK = rb"(?:[ \t\r\n]|(?:\\\\)?\\n\",\s{0,80}\"|\\\r?\n|`\r?\n|\\[nrt]|" + _COMMENT + rb"){0,80}"
_OPERATOR = (
    rb"(?:(?P<sure>\+\+?|\.\.?(?=[\s\"'\\])|&(?:[ \t]*_)?|\|\||~|<>|<<|\^|\)?\s{0,20}\.(?:append|concat)\()"
    rb"|(?P<comma>,)|(?P<more>;?\s{0,20}[$@]?[A-Za-z_][\w.]{0,40}[ \t]*(?:\+=|\.=|<<)))"
)
_QUOTE = rb"\\{0,3}[\"'`]"
_QUOTED = lazy(
    _QUOTE + _BLANK + rb"(?:" + _OPERATOR + _BLANK + rb"\+?" + _BLANK + rb")?(?:[rRbBuUfFL$@]{0,2})" + _QUOTE
    + rb"(?=" + TOKEN + rb"+(?P<closed>\\{0,3}[\"'`])?)"
)  # fmt: skip
_ENDLESS = lazy(rb"\\\r?\n[ \t]{0,80}(?=" + TOKEN + rb")")  # a string that goes on in the next line
# A list is one text where it is joined by nothing.
_JOINED_BEHIND = lazy(
    rb"\\{0,3}[\"'`],?\s{0,80}[\])]\s{0,20}\.\s{0,20}(?:join|mkString)\(\s*(?:\"\"|''|\\\"\\\")?\s*\)"
)
_JOINED_BEFORE = lazy(
    rb"(?:(?:\"\"|''|\\\"\\\")\.join|(?:join|implode)\(?\s*(?:\"\"|''),?|\bconcat(?:enate)?)\s*[\[({]{0,2}\s*[\"'`\\]{1,4}\Z",
)


class Joint(NamedTuple):
    """Where the next piece begins, what kind of joint it is, and whether a language says that both are one text."""

    end: int
    kind: str
    is_sure: bool = False


def within_a_line(data: bytes, end: int) -> Joint | None:
    """Return the joint after a piece that ends at ``end``, other than a line's end or a stream's next part."""
    if match := _NOISE.match(data, end):
        return Joint(match.end(), "noise")
    if match := _ENDLESS.match(data, end):
        return Joint(match.end(), "continued", is_sure=True)
    if match := _QUOTED.match(data, end, end + BETWEEN):
        if match["comma"]:
            return Joint(match.end(), "list")
        if match["sure"] or match["more"]:
            return Joint(match.end(), "literals", is_sure=bool(match["sure"]))
        # Next to each other, in a language or in a command's arguments.
        return Joint(match.end(), "literals") if match["closed"] else None
    match = _BREAK.match(data, end)
    return Joint(match.end(), "break") if match else None


def is_joined_list(data: bytes, start: int, end: int) -> bool:
    """Return whether a call around the list of pieces ``data[start:end]`` joins them without anything between them."""
    before = data[max(0, start - 80) : start]
    return bool(_JOINED_BEHIND.match(data, end) or _JOINED_BEFORE.search(before.lower()))
