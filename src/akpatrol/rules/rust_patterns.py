r"""Rewrite a pattern of Rust's regex crate for RE2, without its verbose form, which RE2 does not have.

Both have the same syntax otherwise (https://docs.rs/regex/latest/regex/#syntax); but ``\s`` has one more character
there, and sets may be nested.
"""

from __future__ import annotations

import re

_FLAGS = re.compile(r"\s*\(\?([a-zA-Z]+)\)")
_LATER_VERBOSE = re.compile(r"\(\?[a-z]*x[a-z]*(?:-[a-z]+)?[:)]")
_COMMENT_GROUP = re.compile(r"\(\?#[^)]*\)")
_SETS = ("&&", "--", "~~")
_KNOWN = frozenset("imsUx")


class UnreadableError(ValueError):
    """A pattern that means something else in RE2."""


def as_re2(pattern: str) -> str:
    """Return a pattern that matches the same in RE2. Raises UnreadableError."""
    flags, rest = "", _COMMENT_GROUP.sub("", pattern)
    while found := _FLAGS.match(rest):
        flags, rest = flags + found[1], rest[found.end() :]
    if not set(flags) <= _KNOWN or _LATER_VERBOSE.search(rest):
        raise UnreadableError("has flags that RE2 does not have")
    text = _Rewriter(rest, is_verbose="x" in flags).text()
    kept = "".join(sorted(set(flags) - {"x"}))
    return f"(?{kept}){text}" if kept else text


class _Rewriter:
    def __init__(self, pattern: str, *, is_verbose: bool) -> None:
        self._pattern = pattern
        self._is_verbose = is_verbose
        self._in_set = False

    def text(self) -> str:
        parts, place = [], 0
        while place < len(self._pattern):
            part, place = self._part(place)
            parts.append(part)
        return "".join(parts)

    def _part(self, place: int) -> tuple[str, int]:
        """Return the rewritten part that begins here, and where the next begins."""
        character = self._pattern[place]
        if character == "\\":
            return self._escaped(self._pattern[place : place + 2]), place + 2
        if self._is_verbose and character.isspace():
            return "", place + 1
        if self._is_verbose and character == "#":
            end = self._pattern.find("\n", place)
            return "", end if end >= 0 else len(self._pattern)
        if self._in_set:
            return self._in_set_part(place)
        if character == "[":
            self._in_set = True
            # A bracket that comes first is a member.
            opening = re.match(r"\[\^?\s*\]?" if self._is_verbose else r"\[\^?\]?", self._pattern[place:])
            length = opening.end() if opening else 1
            return "".join(self._pattern[place : place + length].split()), place + length
        return character, place + 1

    def _in_set_part(self, place: int) -> tuple[str, int]:
        named = re.match(r"\[:\^?\w+:\]", self._pattern[place:])
        if named:
            return named[0], place + named.end()
        if self._pattern[place] == "[" or self._pattern.startswith(_SETS, place):
            raise UnreadableError("has sets within sets, which RE2 does not have")
        self._in_set = self._pattern[place] != "]"
        return self._pattern[place], place + 1

    def _escaped(self, escape: str) -> str:
        if escape == r"\s":
            return r"\s\v" if self._in_set else r"[\s\v]"
        if escape == r"\S" and not self._in_set:
            return r"[^\s\v]"
        if escape[1:].isspace():
            return f"\\x{ord(escape[1]):02x}"
        return escape
