"""Compile patterns with RE2, whose matching time is linear in its input (https://github.com/google/re2/wiki/WhyRE2).

Patterns match bytes. One for which a character of more than one byte makes a difference, as where it has a dot, matches
the characters of UTF-8 in text that has any. As in Go, each byte that is no UTF-8 is a character of its own.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from akpatrol.errors import RuleError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from akpatrol.rules.rule import Rule

_NO_TEXT = "\x1a"  # a character that is no letter, digit or blank, as Go's for what is no UTF-8
_NO_UTF8 = re.compile("[\udc80-\udcff]")  # what Python decodes each such byte to
_MANY_BYTES = 256 << 20  # that RE2 may take for thousands of patterns; it takes less


class PatternError(ValueError):
    """A pattern that RE2 refuses, with its reason."""


def compile_foreign(regex: str, rule: Rule, key: str) -> Any:
    """Compile a rule's pattern over bytes; ``key`` names the TOML key in messages. Raises RuleError or UsageError."""
    try:
        return compiled(regex)
    except PatternError as error:
        raise RuleError(rule.file, rule.id, key, str(error)) from None


def require_re2() -> None:
    """Raise UsageError where RE2 is not installed."""
    if find_spec("re2") is None:
        raise UsageError(
            "rule files other than the shipped ones require google-re2, which is not installed",
            hint="pip install 'akpatrol[rules]'",
        )


@lru_cache(8192)
def compiled(regex: str, *, groups: bool = True) -> Any:
    """Compile a pattern over bytes. Raises PatternError, or UsageError where RE2 is not installed.

    Without ``groups``, which take time, its matches have none.
    """
    require_re2()
    import re2  # noqa: PLC0415 - an extra

    from akpatrol.rules.wide_patterns import is_wide  # noqa: PLC0415 - the shipped rules do without

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.never_capture = not groups
    try:
        if not is_wide(regex):
            return re2.compile(regex.encode(), options)
        # In bytes a character beyond 255 does not compile, and of ASCII the other says the same.
        wide = re2.Options()
        wide.log_errors, wide.never_capture = False, not groups
        in_text = re2.compile(regex.encode(), wide)
        try:
            return _WidePattern(re2.compile(regex.encode(), options), in_text)
        except re2.error:
            return _WidePattern(in_text, in_text)
    except re2.error as error:
        reason = error.args[0] if error.args else "does not compile"
        raise PatternError(reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)) from None


def together(regexes: Sequence[str]) -> list[Any]:
    """Compile patterns to as few as possible, one of which is in a text where any of them is. Raises PatternError."""
    from akpatrol.rules.wide_patterns import is_wide  # noqa: PLC0415 - the shipped rules do without

    wide = frozenset(filter(is_wide, regexes))
    made: list[Any] = []
    for part in ([regex for regex in regexes if regex not in wide], [regex for regex in regexes if regex in wide]):
        try:
            # Quoted text need not end within its pattern.
            is_separate = any("\\Q" in regex for regex in part) or not part
            joined = part if is_separate else ["|".join(f"(?:{regex})" for regex in part)]
            made += [compiled(regex, groups=False) for regex in joined]
        except PatternError:  # names of groups may be the same
            made += [compiled(regex, groups=False) for regex in part]
    return made


class _WidePattern:
    """A pattern over the characters of UTF-8; spans are in bytes."""

    def __init__(self, in_bytes: Any, in_text: Any) -> None:
        self._in_bytes = in_bytes
        self._in_text = in_text
        self.groups: int = in_bytes.groups

    def search(self, text: bytes, position: int = 0, end: int | None = None) -> Any:
        """Return the first match in ``text[position:end]``, None without any."""
        valid = _valid_utf8(text)
        stop = len(text) if end is None else end
        if valid is None:
            return self._in_bytes.search(text, position, stop)
        return self._in_text.search(valid, position, stop)

    def fullmatch(self, text: bytes) -> Any:
        """Return the match of all of the text, None without any."""
        valid = _valid_utf8(text)
        return self._in_bytes.fullmatch(text) if valid is None else self._in_text.fullmatch(valid)


_last: tuple[bytes, bytes | None] = (b"", None)


def _valid_utf8(text: bytes) -> bytes | None:
    """Return text of the same length in valid UTF-8, None for ASCII; many patterns search in the same text."""
    global _last  # noqa: PLW0603 - one value, replaced as a whole
    known, valid = _last
    if known is not text:
        valid = None if text.isascii() else _made_valid(text)
        _last = text, valid
    return valid


def _made_valid(text: bytes) -> bytes:
    try:
        text.decode()
    except UnicodeDecodeError:
        return _NO_UTF8.sub(_NO_TEXT, text.decode("utf-8", "surrogateescape")).encode()
    return text


def compile_any(patterns: Iterable[bytes]) -> Any:
    """Compile many patterns as one, whose time does not grow with their number.

    Return None where RE2 is missing, or they are too many for it.
    """
    try:
        import re2  # noqa: PLC0415 - an extra
    except ImportError:
        return None
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = _MANY_BYTES
    options.log_errors = False
    try:
        return re2.compile(b"|".join(patterns), options)
    except re2.error:
        return None
