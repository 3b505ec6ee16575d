"""Compile patterns to databases of hyperscan.

Limits and traps: https://intel.github.io/hyperscan/dev-reference/compilation.html
"""

from __future__ import annotations

import re
from array import array
from typing import TYPE_CHECKING, Any
from zlib import crc32

import hyperscan

from akpatrol.detect.silent_patterns import SIZE_BYTES, databases

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from akpatrol.rules.rule import Rule

Error = hyperscan.HyperscanError
Stopped = hyperscan.ScanTerminated
"""What a scan raises whose handler asked for its end."""

ONCE = hyperscan.HS_FLAG_SINGLEMATCH
_OF_USERS = hyperscan.HS_FLAG_ALLOWEMPTY | hyperscan.HS_FLAG_MULTILINE
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
# A line break stands for each end of the text, in whose place it is where texts are searched together.
_AT_LINE_BREAKS = {b"A": b"^", b"z": b"$"}


def database(patterns: list[tuple[int, bytes, int]]) -> Any:
    """Return a compiled database of numbers, patterns and flags; None for no patterns. Raises ``Error``."""
    if not patterns:
        return None
    if len(patterns) > 1:
        # With one pattern that reports its start hyperscan leaves out an engine of its own for short data, which takes
        # most of the time to compile: 100 patterns 100 ms, 30 with it. What matches this one is nobody's.
        nobody = max(index for index, _, _ in patterns) + 1
        patterns = [*patterns, (nobody, rb"\xff\x00\xfe[0-9]\xfd\x00\xfe", hyperscan.HS_FLAG_SOM_LEFTMOST)]
    ids, expressions, flags = zip(*patterns, strict=True)
    made = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    made.compile(expressions=list(expressions), ids=list(ids), elements=len(ids), flags=list(flags))
    return made


def once(pattern: bytes) -> list[tuple[int, bytes, int]]:
    """Return one pattern that is reported once."""
    return [(0, pattern, ONCE)]


def of_user(number: int, rule: Rule, flags: int = ONCE) -> tuple[int, bytes, int]:
    """Return a pattern that matches wherever RE2 matches the bytes of a user's rule."""
    pattern = rule.regex.encode()
    if b"\\Q" not in pattern:
        pattern = _ESCAPED.sub(lambda escaped: _AT_LINE_BREAKS.get(escaped[1], escaped[0]), pattern)
    return number, pattern, flags | _OF_USERS


def of_keywords(number: int, rule: Rule, flags: int = ONCE) -> tuple[int, bytes, int]:
    """Return a pattern for any of a rule's keywords, in any case of its ASCII letters."""
    words = b"|".join(re.escape(word.encode()) for word in rule.keywords)
    return number, words, flags | hyperscan.HS_FLAG_CASELESS


def compiles(pattern: tuple[int, bytes, int]) -> bool:
    """Return whether hyperscan takes a pattern."""
    try:
        database([pattern])
    except Error:
        return False
    return True


def dumped(made: Any) -> bytes:
    """Return a database as bytes, after their number."""
    return sized(hyperscan.dumpb(made))


def loaded(compiled: bytes) -> Iterator[Any]:
    """Yield the databases of other processes, each after its size. Raises ``Error`` where they are of another kind."""
    return databases(hyperscan, compiled)


def sized(block: bytes) -> bytes:
    """Return a block after the number of its bytes."""
    return len(block).to_bytes(SIZE_BYTES) + block


def with_numbers(numbers: Iterable[int], databases: bytes) -> bytes:
    """Return numbers and databases as bytes whose damage ``read_numbers`` notices."""
    content = sized(array("Q", sorted(numbers)).tobytes()) + databases
    return crc32(content).to_bytes(SIZE_BYTES) + content


def read_numbers(compiled: bytes) -> tuple[array[int], bytes]:
    """Return the numbers, in order, and the databases. Raises ``Error`` where the bytes are damaged."""
    if compiled[:SIZE_BYTES] != crc32(compiled[SIZE_BYTES:]).to_bytes(SIZE_BYTES):
        raise Error
    start = 2 * SIZE_BYTES
    stop = start + int.from_bytes(compiled[SIZE_BYTES:start])
    return array("Q", compiled[start:stop]), compiled[stop:]
