"""A unit of a log service: the documents in one range."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import AkpatrolError
from akpatrol.model.batch import SMALL_BYTES, ContentBatch, Gathering
from akpatrol.model.scan import Chunk, Content, Counted, Origin, Place, Skipped
from akpatrol.sources.logs.address import parse
from akpatrol.sources.logs.opening import opened
from akpatrol.sources.logs.service import LogDocument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.sources.base import Item
    from akpatrol.sources.logs.service import LogRange

COUNTER = "documents"
_NAMED_SKIPS = 20


class LogUnit(NamedTuple):
    """A range of a name at the service ``base``; whoever reads it uses the credentials of its own environment."""

    target: str
    base: str
    name: str
    extent: LogRange

    @property
    def title(self) -> str:
        """Its name in messages."""
        return f"{self.name}: {self.extent.shown}" if self.extent.shown else self.name

    @property
    def names(self) -> tuple[bytes, ...]:
        """Every name in it, for whoever passes it on."""
        return (f"{self.base}/{self.name}".encode(),)

    def read(self) -> Iterator[Item | ContentBatch]:
        """Yield the documents, small ones in batches, and what they are called."""
        skips: Counter[str] = Counter()
        small = Gathering[LogDocument]()
        try:
            with opened(parse(self.base)) as service, closing(service.documents(self.name, self.extent)) as documents:
                for found in documents:
                    if isinstance(found, Skipped):
                        skips[found.reason] += 1
                        if skips[found.reason] <= _NAMED_SKIPS:
                            yield found
                    elif len(found.text) > SMALL_BYTES:
                        yield self._names([found])
                        yield self._content(found)._replace(counter=COUNTER)
                    elif small.add(found, found.text):
                        yield from self._together(small)
                        small = Gathering()
        except AkpatrolError as error:
            yield Skipped(self.title, str(error))
        yield from self._together(small)
        for reason, number in skips.items():
            if number > _NAMED_SKIPS:
                yield Skipped(self.title, f"{number - _NAMED_SKIPS:,} more documents: {reason}")

    def _together(self, small: Gathering[LogDocument]) -> Iterator[Item | ContentBatch]:
        documents, texts = small.keys, small.data
        if documents:
            yield self._names(documents)
            yield ContentBatch(texts, lambda number: self._content(documents[number]))
            yield Counted(COUNTER, len(texts), sum(map(len, texts)))

    def _names(self, documents: list[LogDocument]) -> Chunk:
        names = b"\0".join(document.path.encode() for document in documents)
        return Chunk(Origin(self.target, Place.PATH), names, names=True)

    def _content(self, document: LogDocument) -> Content:
        facts = f"{document.date}\n{document.version}"
        origin = Origin(self.target, path=document.path.encode(), object=facts)
        return Content(origin, document.text, size=len(document.text))
