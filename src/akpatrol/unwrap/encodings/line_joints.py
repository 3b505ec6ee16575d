"""Where a token goes on after the end of its line: text that was wrapped, and parts of a stream.

Streams: server-sent events (the HTML standard, section 9.2) whose data is JSON with a piece of text each, as models'
interfaces send it, lines of JSON alike, and asciinema's recordings (``[time, "o", text]``, its formats 2 and 3).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from akpatrol.unwrap.encodings.joints import BETWEEN, Joint
from akpatrol.unwrap.encodings.lazy_pattern import compiled, lazy
from akpatrol.unwrap.encodings.token_text import NOISE, TOKEN

if TYPE_CHECKING:
    import re

_LINE = 512  # bytes that are looked at of a line
_NEAR = 4096  # bytes in which other lines show how wide the text is
_LONG = 40  # bytes of a line that may have been wrapped
_SHORT = 6  # characters that say nothing about whether they are random
_MOST_CARRIED = 120
_PREFIX = 4  # characters that a log puts before each line, and a list does not
# What fills a line: 64 and 76 by RFC 1421 and RFC 2045, the others are terminals and editors.
_WIDTHS = frozenset((60, 64, 70, 72, 74, 75, 76, 77, 78, 79, 80, 100, 120, 132))

_END = lazy(rb"([\\`^]?)[ \t]{0,4}\r?\n")
_DIGITS = lazy(rb"[0-9]+")
_RUN = lazy(TOKEN + rb"*")
_NO_TOKEN = lazy(rb"[^0-9A-Za-z_.-]")
_MARKS = lazy(NOISE + rb"{1,16}")
_NAME = lazy(rb"[a-z]{2,8}_|[A-Z]{2,12}_")
# Before a line that holds nothing but a piece: what opens a text of several lines, and what folds them to one.
_BLOCK = lazy(rb"(?:[>|][+-]?[0-9]?|[:=(\"'`\\])[ \t]*\r?\n[ \t]*\Z")
_FOLDED = lazy(rb":[ \t]+>[+-]?[0-9]?[ \t]*\r?\n[ \t]*\Z")
_FIELD = lazy(rb"([ \t]*)(?:- )?[\w.-]{1,60}:[ \t]+")
_ASSIGNS = lazy(rb"[ \t]*[=:(\[]")

# Kubernetes' log format (CRI) and GitLab's mark lines that are a part of one.
_GOES_ON = ((b" stdout P ", b" stdout F "), (b" stderr P ", b" stderr F "), (b"Z 0O+", b"Z 0O "), (b"Z 0E+", b"Z 0E "))

_STREAMED = (
    rb"text|content|delta|partial_json|arguments|o|i|output|data|log|chunk|completion|generated_text|response|"
    rb"stdout|stderr|thinking|reasoning|reasoning_content|input_json|v"
)
_CLASSES = bytes.maketrans(
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", b"0" * 10 + b"A" * 26 + b"a" * 26
)
_KEY = lazy(rb"\"(" + _STREAMED + rb")\"[ \t]{0,4}[:,][ \t]{0,4}\"\Z")
_MOST_LINES = 6  # from one part of a stream to the next


def wrapped(data: bytes, start: int, end: int, *, is_whole: bool, is_first: bool) -> Joint | None:
    """Return the joint at the line's end after the piece ``[start, end)``; ``is_whole`` says that it may be all.

    The next line begins as this one does, digits aside, or is indented.
    """
    match = _END.match(data, end)
    if not match:
        return None
    first = _line_start(data, start)
    second = match.end()
    stop = data.find(b"\n", second, second + _LINE)
    line, following = data[first:end], data[second : stop if stop >= 0 else second + _LINE].rstrip(b"\r")
    carried = _carried(line, following)
    run = _RUN.match(following, carried)
    if not run or not run[0]:
        return None
    if match[1]:
        return Joint(second + carried, "continued", is_sure=True)
    if _NAME.match(run[0]) or _ASSIGNS.match(following, run.end()):
        return None
    is_alone = run.end() == len(following.rstrip())
    folded = _FOLDED if is_whole else _BLOCK
    if is_alone and (folded.search(data[max(0, first - _LINE) : start]) or _is_scalar(line, start - first, carried)):
        fits = not is_whole or is_random(run[0])
    elif is_whole and (run.end() > len(line) + 2 or start - first <= carried):  # in a list, each line holds one
        return None
    elif is_whole:
        has_prefix = len(following[:carried].strip()) >= _PREFIX
        is_logged = is_alone and has_prefix and len(line) >= _LONG + carried
        # Of lines with a token each, one is as long as the other; behind the rest of one there are other words.
        is_as_long = not is_alone and len(following) == len(line) >= _LONG
        is_full = is_as_long or _is_full(data, first, len(line))
        fits = (_is_rest(run[0]) and is_full) or (is_logged and is_random(run[0]))
    else:
        fits = not is_first or len(line) >= _LONG or is_random(run[0])
    return Joint(second + carried, "wrapped") if fits else None


def width(data: bytes, start: int, end: int) -> int:
    """Return the length of the line up to ``end``, in which a piece begins at ``start``."""
    return end - _line_start(data, start)


def _line_start(data: bytes, place: int) -> int:
    least = max(0, place - _LINE)
    return max(least, data.rfind(b"\n", least, place) + 1)


def is_random(text: bytes) -> bool:
    """Return whether a text changes between digits and letters of either case as often as random text does."""
    classes = text.translate(_CLASSES, b"._-")
    changes = sum(one != other for one, other in pairwise(classes))
    return len(classes) >= _SHORT and changes >= 3 and 4 * changes >= len(classes)  # noqa: PLR2004 - a quarter, and three


def _carried(line: bytes, following: bytes) -> int:
    """Return how many bytes at the start of the following line it has in common with this one, or is indented."""
    indent = len(following) - len(following.lstrip(b" \t"))
    plain = _alike(line)
    places = [match.end() for match in _NO_TOKEN.finditer(following[:_MOST_CARRIED])]
    if following[:1] == b"-":
        places.append(1)
    for place in sorted(places, reverse=True):
        is_alike = place > indent and plain.startswith(_alike(following[:place]))
        if is_alike and _NO_TOKEN.match(following[place : place + 1] or b"\n") is None:
            return place
    return indent


def _is_rest(text: bytes) -> bool:
    """Return whether the start of a line is the end of a token: random, or too short to tell and still no word."""
    if len(text) >= _SHORT:
        return is_random(text)
    return not text.isupper() and text[1:].translate(None, b"abcdefghijklmnopqrstuvwxyz.-_") != b""


def _alike(text: bytes) -> bytes:
    """Return the start of a line without what differs from line to line: digits, and whether its text goes on."""
    text = _DIGITS.sub(b"0", text)
    for one, other in _GOES_ON:
        text = text.replace(one, other, 1)
    return text


def _is_full(data: bytes, first: int, length: int) -> bool:
    """Return whether the line that begins at ``first`` is as long as a wrapped one: another ends at that column."""
    if length in _WIDTHS:
        return True
    near = data[max(0, first - _NEAR) : first].split(b"\n") + data[first : first + _NEAR].split(b"\n")[2:]
    return length >= _LONG and any(len(line.rstrip(b"\r")) == length for line in near)


def _is_scalar(line: bytes, column: int, carried: int) -> bool:
    """Return whether the piece at ``column`` is the value of a key, and the next line is indented beneath it."""
    key = _FIELD.fullmatch(line, 0, column)
    return key is not None and carried > len(key[1])


def streamed_under(data: bytes, start: int) -> re.Pattern[bytes] | None:
    """Return a pattern for the beginning of a stream's next part, if ``start`` is in such a part; None if not."""
    opening = start
    while (opening := data.rfind(b'"', max(0, start - _NEAR), opening)) > 0 and data[opening - 1] == ord("\\"):
        pass
    key = _KEY.search(data, max(0, opening - 40), opening + 1) if opening > 0 else None
    return compiled(rb"\"" + key[1] + rb"\"[ \t]{0,4}[:,][ \t]{0,4}\"") if key else None


def streamed(data: bytes, end: int, key: re.Pattern[bytes]) -> Joint | None:
    """Return the joint to the stream's next part after a piece that ends its own at ``end``, marks left out."""
    place = _behind_marks(data, end)
    while data[place : place + 1] == b'"':
        match = key.search(data, place + 1, place + 1 + BETWEEN)
        if not match or data.count(b"\n", place, match.end()) > _MOST_LINES:
            return None
        place = _behind_marks(data, match.end())
        if _NO_TOKEN.match(data[place : place + 1] or b"\n") is None:
            return Joint(place, "streamed")
    return None


def _behind_marks(data: bytes, place: int) -> int:
    match = _MARKS.match(data, place)
    return match.end() if match else place
