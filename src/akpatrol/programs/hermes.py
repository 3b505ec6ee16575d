"""Bytecode of Hermes, React Native's JavaScript engine: BCGen/HBC/BytecodeFileFormat.h of facebook/hermes.

A header of 128 bytes is followed by the headers of functions, of 16 bytes each or (since version 99, at least) 12, the
kinds of strings in runs, hashes of those that are identifiers, a table of strings and one of those that are too long
for it, and the strings. The runs must add up to the number of strings: so a version that is laid out otherwise is not
read.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.programs.image import ProgramBytes

MAGIC = (0x1F1903C103BC1FC6).to_bytes(8, "little")
_HEADER = 128
_FUNCTIONS_AT = 40  # then the numbers of runs, identifiers, strings and long strings, and the size of all strings
_FUNCTION_SIZES = (16, 12)
_OF_RUN = (1 << 31) - 1
_IN_OTHER_TABLE = 255  # as a length
_MOST = 1 << 20


def strings(data: ProgramBytes) -> Iterator[tuple[int, int]]:
    """Yield the offset and size of each string of one byte a character; they may overlap."""
    functions, runs, identifiers, number, long, size = (data.number(_FUNCTIONS_AT + 4 * field, 4) for field in range(6))
    if max(runs, number, long) > _MOST:
        return
    for function in _FUNCTION_SIZES:
        kinds = _HEADER + function * functions
        first = kinds + 4 * (runs + identifiers)
        table, others = _words(data, first, number), _words(data, first + 4 * number, 2 * long)
        base = first + 4 * number + 8 * long
        if sum(run & _OF_RUN for run in _words(data, kinds, runs)) == number == len(table) and base + size <= data.size:
            break
    else:
        return
    for entry in table:
        start, length = entry >> 1 & 0x7FFFFF, entry >> 24
        if length == _IN_OTHER_TABLE and 2 * start + 1 < len(others):
            start, length = others[2 * start], others[2 * start + 1]
        if not entry & 1 and start + length <= size:
            yield base + start, length


def _words(data: ProgramBytes, offset: int, number: int) -> array[int]:
    words = array("I")
    words.frombytes((found := data.at(offset, 4 * number))[: len(found) // 4 * 4])
    return words
