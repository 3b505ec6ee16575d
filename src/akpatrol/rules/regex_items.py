r"""Parse a rule's pattern into the items of its matches, byte by byte: sets, gaps and choices.

The syntax is RE2's (https://github.com/google/re2/wiki/Syntax) in LATIN1 mode. Whatever is not known exactly is
widened: a set may hold bytes that the pattern rejects, but never the reverse.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

Set = frozenset[int]


class AnyBytes(NamedTuple):
    """At least ``least`` and at most ``most`` bytes of anything, or of ASCII alone; with None any number.

    None of them is a line break where they are ``in_line``.
    """

    least: int
    ascii: bool
    most: int | None = None
    in_line: bool = False


class Choice(NamedTuple):
    """One of several sequences."""

    branches: tuple[tuple[Item, ...], ...]


Item = Set | AnyBytes | Choice
Items = tuple[Item, ...]


class Parsed(NamedTuple):
    """The items of a pattern and of its groups; ``nested`` has the groups inside another group."""

    items: Items
    groups: dict[int, Items]
    nested: frozenset[int]


class UnknownSyntaxError(Exception):
    """A pattern that uses more than RE2 knows, such as what Python adds."""


_ANY: Set = frozenset(range(256))
_ASCII_END = 128
_DIGIT: Set = frozenset(b"0123456789")
_LOWER, _UPPER = (
    frozenset(b"abcdefghijklmnopqrstuvwxyz"),
    frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
)
_WORD: Set = _DIGIT | _LOWER | _UPPER | frozenset(b"_")
_SPACE: Set = frozenset(b"\t\n\f\r ")
_ESCAPED = {
    "d": _DIGIT,
    "D": _ANY - _DIGIT,
    "s": _SPACE | frozenset(b"\v"),
    "S": _ANY - _SPACE,
    "w": _WORD,
    "W": _ANY - _WORD,
    "C": _ANY,
    **{name: frozenset(code) for name, code in zip("aftnrv", (b"\a", b"\f", b"\t", b"\n", b"\r", b"\v"), strict=True)},
}
_NAMED: dict[str, Set] = {
    "alnum": _DIGIT | _LOWER | _UPPER,
    "alpha": _LOWER | _UPPER,
    "digit": _DIGIT,
    "lower": _LOWER,
    "upper": _UPPER,
    "word": _WORD,
    "xdigit": frozenset(b"0123456789ABCDEFabcdef"),
    "punct": frozenset(range(33, 127)) - _DIGIT - _LOWER - _UPPER,
    "graph": frozenset(range(33, 127)),
    "print": frozenset(range(32, 127)),
    "space": _SPACE | frozenset(b"\v"),
    "blank": frozenset(b" \t"),
    "ascii": frozenset(range(128)),
    "cntrl": frozenset([*range(32), 127]),
}
_REPEAT = re.compile(r"(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})[?+]?")
_GROUP = re.compile(r"\?(?:(:)|P?<(\w+)>|([a-zA-Z]*)(?:-([a-zA-Z]+))?([:)]))")
_CODE = re.compile(r"x\{([0-9A-Fa-f]+)\}|x([0-9A-Fa-f]{2})|([0-7]{1,3})")
_CLASS = re.compile(r"[pP](?:\{[^}]*\}|.)")
_POSIX = re.compile(r"\[:(\^?)(\w+):\]")
_QUOTED = re.compile(r"Q(.*?)(?:\\E|\Z)", re.DOTALL)
_MOST = 16  # items that a repeated one is written out as


@lru_cache(4096)
def parse(pattern: bytes) -> Parsed:
    """Parse a pattern into the items of its matches. Raises UnknownSyntaxError."""
    parser = _PatternParser(pattern.decode("latin-1"))
    items = parser.alternatives(_Flags(fold=False, dot_all=False))
    if parser.rest:
        raise UnknownSyntaxError
    return Parsed(items, parser.groups, frozenset(parser.nested))


def least(items: Items) -> int:
    """Return how many bytes the shortest match has."""
    return sum(_least(item) for item in items)


class Extent(NamedTuple):
    """The most ``bytes`` of a match outside its open runs: parts without a bound, none of which has a line break."""

    bytes: int
    open_runs: int


def extent(items: Items) -> Extent | None:
    """Return how far a match may extend; None where a part without a bound may have line breaks."""
    number = open_runs = 0
    for item in items:
        if isinstance(item, Choice):
            branches = [extent(branch) for branch in item.branches]
            if None in branches:
                return None
            known = [branch for branch in branches if branch]
            number += max((branch.bytes for branch in known), default=0)
            open_runs += max((branch.open_runs for branch in known), default=0)
        elif isinstance(item, AnyBytes) and item.most is None:
            if not item.in_line:
                return None
            open_runs += 1
        else:
            number += item.most or 0 if isinstance(item, AnyBytes) else 1
    return Extent(number, open_runs)


def is_ascii(items: Items) -> bool:
    """Return whether all bytes allowed there are below 128."""
    return all(map(_is_ascii, items))


def _least(item: Item) -> int:
    if isinstance(item, Choice):
        return min(map(least, item.branches))
    return item.least if isinstance(item, AnyBytes) else 1


def _has_no_line_break(items: Items) -> bool:
    return all(
        all(map(_has_no_line_break, item.branches))
        if isinstance(item, Choice)
        else item.in_line
        if isinstance(item, AnyBytes)
        else ord("\n") not in item
        for item in items
    )


@lru_cache(4096)
def _is_ascii(item: Item) -> bool:
    if isinstance(item, Choice):
        return all(map(is_ascii, item.branches))
    return item.ascii if isinstance(item, AnyBytes) else max(item, default=0) < _ASCII_END


class _Flags(NamedTuple):
    fold: bool
    dot_all: bool


class _PatternParser:
    def __init__(self, text: str) -> None:
        self.rest = text
        self.groups: dict[int, Items] = {}
        self.nested: set[int] = set()
        self._number = 0
        self._depth = 0

    def alternatives(self, flags: _Flags) -> Items:
        """Read to the end or the parenthesis that closes."""
        branches: list[Items] = []
        while True:
            items, flags = self._sequence(flags)
            branches.append(items)
            if not self.rest.startswith("|"):
                break
            self.rest = self.rest[1:]
        return branches[0] if len(branches) == 1 else (Choice(tuple(branches)),)

    def _sequence(self, flags: _Flags) -> tuple[Items, _Flags]:
        items: list[Item] = []
        while self.rest and self.rest[0] not in "|)":
            group = _GROUP.match(self.rest, 1) if self.rest[0] == "(" else None
            if group and group[5] == ")":
                self.rest, flags = self.rest[group.end() :], _changed(flags, group[3], group[4])
                self._ensure_unrepeated()
                continue
            items += self._repeated(self._atom(flags))
        return tuple(items), flags

    def _ensure_unrepeated(self) -> None:
        """Raise UnknownSyntaxError before a repetition, which is of one character: the last quoted, or one before."""
        if _REPEAT.match(self.rest):
            raise UnknownSyntaxError

    def _repeated(self, atom: Items) -> Items:
        while repeat := _REPEAT.match(self.rest):
            self.rest = self.rest[repeat.end() :]
            lowest = int(repeat[2] or (1 if repeat[1] == "+" else 0))
            exact = repeat[2] is not None and not repeat[3]
            times = min(lowest, max(1, _MOST // max(1, len(atom)))) if lowest else 0
            one, highest = extent(atom), _highest(repeat, lowest)
            longest = one.bytes * (highest - times) if one and not one.open_runs and highest is not None else None
            rest = AnyBytes(least(atom) * (lowest - times), is_ascii(atom), longest, _has_no_line_break(atom))
            atom = atom * times + (() if exact and times == lowest else (rest,))
        return atom

    def _atom(self, flags: _Flags) -> Items:
        first, self.rest = self.rest[0], self.rest[1:]
        if first == "(":
            return self._group(flags)
        if first == "[":
            return (self._class(flags),)
        if first == "\\":
            return self._escape(flags)
        if first in "^$":
            return ()
        if first == ".":
            return (_ANY if flags.dot_all else _ANY - {ord("\n")},)
        if first in "*+?":
            raise UnknownSyntaxError
        return (_folded(frozenset([ord(first)]), flags),)

    def _group(self, flags: _Flags) -> Items:
        captures = not self.rest.startswith("?")
        if not captures:
            group = _GROUP.match(self.rest)
            if not group:
                raise UnknownSyntaxError
            self.rest, captures = self.rest[group.end() :], group[2] is not None
            if group[3] is not None:
                flags = _changed(flags, group[3], group[4])
        if captures:
            self._number += 1
            number = self._number
            if self._depth:
                self.nested.add(number)
        self._depth += captures
        items = self.alternatives(flags)
        self._depth -= captures
        if not self.rest:
            raise UnknownSyntaxError
        self.rest = self.rest[1:]
        if captures:
            self.groups[number] = items
        return items

    def _escape(self, flags: _Flags) -> Items:
        if quoted := _QUOTED.match(self.rest):
            self.rest = self.rest[quoted.end() :]
            self._ensure_unrepeated()
            return tuple(_folded(frozenset([ord(character)]), flags) for character in quoted[1])
        if self.rest[:1] in ("A", "b", "B", "z", "Z"):
            self.rest = self.rest[1:]
            return ()
        return (_folded(self._escaped(), flags),)

    def _escaped(self) -> Set:
        if code := _CODE.match(self.rest):
            self.rest = self.rest[code.end() :]
            value = int(code[3], 8) if code[3] else int(code[1] or code[2], 16)
            return frozenset([value]) if value in _ANY else _ANY
        if shorthand := _CLASS.match(self.rest):
            self.rest = self.rest[shorthand.end() :]
            return _ANY
        character, self.rest = self.rest[:1], self.rest[1:]
        if character in _ESCAPED:
            return _ESCAPED[character]
        if not character or (character.isalnum() and character.isascii()):
            raise UnknownSyntaxError
        return frozenset([ord(character)])

    def _class(self, flags: _Flags) -> Set:
        negated = self.rest.startswith("^")
        self.rest = self.rest[negated:]
        members: set[int] = set()
        first = True
        while first or not self.rest.startswith("]"):
            if not self.rest:
                raise UnknownSyntaxError
            first = False
            if named := _POSIX.match(self.rest):
                self.rest = self.rest[named.end() :]
                known = _NAMED.get(named[2], _ANY)
                members |= _ANY - known if named[1] and known is not _ANY else known
                continue
            low = self._member()
            if len(low) == 1 and self.rest.startswith("-") and not self.rest.startswith("-]"):
                self.rest = self.rest[1:]
                low = frozenset(range(min(low), max(self._member()) + 1))
            members |= low
        self.rest = self.rest[1:]
        if negated:
            # A widened set must not narrow here, and characters beyond those of a byte are in the set too.
            narrow = _ANY if members >= _ANY else _ANY - _folded(frozenset(members), flags, widen=False)
            return narrow | frozenset(range(_ASCII_END, 256))
        return _folded(frozenset(members), flags)

    def _member(self) -> Set:
        character, self.rest = self.rest[:1], self.rest[1:]
        return self._escaped() if character == "\\" else frozenset(map(ord, character))


def _highest(repeat: re.Match[str], lowest: int) -> int | None:
    """Return how often an atom may be repeated; None for any number of times."""
    if repeat[1]:
        return 1 if repeat[1] == "?" else None
    return int(repeat[4]) if repeat[4] else None if repeat[3] else lowest


def _changed(flags: _Flags, on: str, off: str | None) -> _Flags:
    if set(on + (off or "")) - set("imsU"):
        raise UnknownSyntaxError
    off = off or ""
    return _Flags(
        fold=(flags.fold or "i" in on) and "i" not in off, dot_all=(flags.dot_all or "s" in on) and "s" not in off
    )


def _folded(members: Set, flags: _Flags, *, widen: bool = True) -> Set:
    """Return a set with the other case of its letters; a set beyond ASCII gets every byte that could be one."""
    if not flags.fold:
        return members
    folded = members | {byte ^ 32 for byte in members if byte in _LOWER or byte in _UPPER}
    return folded | frozenset(range(_ASCII_END, 256)) if widen and max(members, default=0) >= _ASCII_END else folded
