"""The engine as a library call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from akpatrol import rules
from akpatrol.detect.engine import Engine
from akpatrol.hits import locate
from akpatrol.model import Confidence, Origin
from akpatrol.sources.base import read_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from akpatrol.findings import Hit


class Scanner:
    """Finds credentials in bytes, text and binary files.

    ``rule_files`` are added to the shipped rules. Only hits of at least ``min_confidence`` are given.
    Raises RuleError when a rule file is wrong.
    """

    def __init__(self, rule_files: Iterable[str | Path] = (), min_confidence: Confidence = Confidence.MEDIUM) -> None:
        self._engine = Engine(rules.load(tuple(Path(file) for file in rule_files)))
        self._minimum = min_confidence

    def scan(self, data: bytes | str) -> list[Hit]:
        """Return what is found in ``data``; text is taken as UTF-8."""
        whole = _encoded(data) if isinstance(data, str) else data
        position = 0

        def read(number: int) -> bytes:
            nonlocal position
            position += number
            return whole[position - number : position]

        return list(self._scan(read))

    def scan_file(self, file: BinaryIO) -> Iterator[Hit]:
        """Yield what is found in a binary file or stream, in memory that does not grow with it."""

        def read(number: int) -> bytes:
            parts = []
            while number and (part := file.read(number)):
                parts.append(part)
                number -= len(part)
            return b"".join(parts)

        return self._scan(read)

    def _scan(self, read: Callable[[int], bytes]) -> Iterator[Hit]:
        for chunk in read_blocks(read, Origin("0")):
            found = self._engine.scan(chunk.data, chunk.begin, chunk.end)
            matches = [match for match in found if match.confidence >= self._minimum]
            yield from locate(chunk, matches, self._engine.candidates)


def _encoded(text: str) -> bytes:
    """Return UTF-8; a lone surrogate is the byte that it stands for (PEP 383), or a question mark."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")
