"""The engine as a library call."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from akpatrol.model.chunks import content_of
from akpatrol.model.credential import RawFinding
from akpatrol.model.scan import Confidence, Origin
from akpatrol.rules import rule_file
from akpatrol.scan.examine import Examiner

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from akpatrol.model.scan import Content


class Scanner:
    """Finds credentials in bytes, text and binary files.

    ``rule_files`` are added to the shipped rules. Only findings of at least ``min_confidence`` are returned.
    Raises RuleError when a rule file is invalid.
    """

    def __init__(self, rule_files: Iterable[str | Path] = (), min_confidence: Confidence = Confidence.MEDIUM) -> None:
        self._examiner = Examiner(rule_file.load(tuple(Path(file) for file in rule_files)))
        self._minimum = min_confidence

    def scan(self, data: bytes | str) -> list[RawFinding]:
        """Return the raw findings in ``data``; text is taken as UTF-8."""
        raw = _encoded(data) if isinstance(data, str) else data
        content = content_of(BytesIO(raw).read, Origin("0"), named=True)
        at = (lambda offset, number: raw[offset : offset + number]) if content.read else None
        return list(self._hits(content._replace(at=at, size=len(raw))))

    def scan_file(self, file: BinaryIO) -> Iterator[RawFinding]:
        """Yield the findings in a binary file or stream, in constant memory."""

        def read(number: int) -> bytes:
            parts = []
            while number and (part := file.read(number)):
                parts.append(part)
                number -= len(part)
            return b"".join(parts)

        return self._hits(content_of(read, Origin("0"), named=True))

    def _hits(self, content: Content) -> Iterator[RawFinding]:
        for item in self._examiner.examine_item(content):
            if isinstance(item, RawFinding) and item.match.confidence >= self._minimum:
                yield item


def _encoded(text: str) -> bytes:
    """Return UTF-8; a lone surrogate becomes the byte that it encodes (PEP 383), or a question mark."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")
