"""Indices of Elasticsearch and OpenSearch, read shard by shard in the order of the sequence numbers.

Each write to a shard has the next sequence number, and a document that changes gets a new one. So a range of numbers
holds the same documents until some of them are changed or deleted. Reading by number needs nothing that the cluster
would have to keep: no scroll and no point in time, which ends after minutes. Where an index has no such numbers, or
cannot be sorted by them, it is read by one scroll, and the scroll is closed.

https://www.elastic.co/docs/api/doc/elasticsearch/ (cat indices, index stats, search, scroll; ``preference`` with
``_shards``), https://docs.opensearch.org/latest/api-reference/; the number: the field ``_seq_no``.
"""

from __future__ import annotations

import re
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from akpatrol.model.scan import Skipped
from akpatrol.sources.logs import hits
from akpatrol.sources.logs.client import BadRequestError, LogClient, TooLongError
from akpatrol.sources.logs.hits import at, count
from akpatrol.sources.logs.service import LogError, LogMark, LogRange

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from akpatrol.sources.logs.address import LogAddress
    from akpatrol.sources.logs.service import LogDocument

_PAGE = 1000  # documents
_FEWER = 8  # times, where the answer is too long
_SPAN = 16_384  # sequence numbers of a range, as long as most of them are those of documents
_LARGEST_NUMBER = 1 << 53  # what JSON holds exactly; a shard has at most 2^31 documents
_IN_FLIGHT = 1024  # the last ones may become searchable out of their order
_MOST_DIGITS = 5  # of a number of shards
_KEPT = "5m"  # how long the cluster keeps a scroll from page to page
# https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-indices-create: what a name may not hold
_NAME = re.compile(r"(?!\.{1,2}$)[^\s\\/*?\"<>|,#:%_+-][^\s\\/*?\"<>|,#:%]{0,254}")


class _Shard(NamedTuple):
    """The primary of a shard: its last sequence number, -1 for none, its documents, and its bytes."""

    last: int
    documents: int
    deleted: int
    size: int

    @property
    def span(self) -> int:
        """How many sequence numbers a range has: more where most of them are those of earlier versions."""
        span = _SPAN
        while span * max(1, self.documents) < _SPAN * (self.last + 1):
            span *= 2
        return span


class Elasticsearch:
    """See ``LogService``; a name is that of an index."""

    def __init__(self, client: LogClient) -> None:
        self._client = client

    def names(self, pattern: str) -> Iterator[str | Skipped]:
        """Yield the indices; those behind an alias or a data stream, hidden ones too. One that is closed is a skip."""
        path = f"/_cat/indices/{quote(pattern or '*', safe=',*')}"
        answer = self._client.ask("GET", f"{path}?format=json&h=index,status&s=index&expand_wildcards=all")
        if not isinstance(answer, list):
            raise LogError("the service sends no list of indices")
        for entry in answer:
            name = entry.get("index") if isinstance(entry, dict) else None
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                yield Skipped("an index", "the service gives it a name that cannot be asked for")
            elif entry.get("status") == "close":
                yield Skipped(name, "the index is closed")
            else:
                yield name

    def mark(self, name: str) -> LogMark:
        """Return a digest of the identity, and of the last sequence number and the counts of each shard."""
        identity, shards = self._shards(name)
        facts = sorted((number, shard) for number, shard in shards.items() if shard)
        if len(facts) < len(shards):
            return LogMark(None, 0)
        return LogMark(sha256(repr((identity, facts)).encode()).hexdigest(), sum(shard.size for _, shard in facts))

    def ranges(self, name: str) -> Iterator[LogRange | Skipped]:
        """Yield the ranges of the sequence numbers of each shard; a shard that is not there is a skip."""
        identity, shards = self._shards(name)
        lasts = {number: shard and self._last(name, number) for number, shard in shards.items()}
        if None in lasts.values():
            yield LogRange(identity)
            return
        missing = self._number_of_shards(name) - len(shards)
        if missing > 0:
            yield Skipped(name, f"{missing} of its shards are not available")
        for number, shard in sorted(shards.items()):
            last = lasts[number]
            if shard and last is not None:
                for start in range(0, last + 1, shard.span):
                    end = min(start + shard.span, last + 1)
                    shown = f"shard {number}, numbers {start} to {end - 1}"
                    yield LogRange(identity, number, start, end, end <= last - _IN_FLIGHT, shown)

    def documents(self, name: str, extent: LogRange) -> Generator[LogDocument | Skipped, None, None]:
        """Yield the documents in a range."""
        return self._by_number(name, extent) if extent.end else self._by_scroll(name)

    def close(self) -> None:
        """End all connections."""
        self._client.close()

    def _shards(self, name: str) -> tuple[str, dict[str, _Shard | None]]:
        """Return the index's own id, and its primary shards by number; None for one without sequence numbers."""
        answer = self._client.ask("GET", f"/{quote(name)}/_stats/docs,store?level=shards")
        index = at(answer, "indices", name)
        shards = at(index, "shards")
        if not isinstance(shards, dict):
            raise LogError("the service does not say which shards the index has")
        found: dict[str, _Shard | None] = {}
        for number, copies in shards.items():
            if not number.isascii() or not number.isdigit() or not isinstance(copies, list):
                raise LogError("the service names a shard that cannot be asked for")
            for copy in copies:
                if at(copy, "routing", "primary") is True:
                    found[number] = _shard(copy)
        return str(at(index, "uuid")), found

    def _number_of_shards(self, name: str) -> int:
        answer = self._client.ask("GET", f"/_cat/indices/{quote(name)}?format=json&h=pri&expand_wildcards=all")
        number = str(at(answer[0], "pri")) if isinstance(answer, list) and answer else ""
        if not number.isascii() or not number.isdigit() or len(number) > _MOST_DIGITS:
            raise LogError("the service does not say how many shards the index has")
        return int(number)

    def _last(self, name: str, shard: str) -> int | None:
        """Return the last number that a search sees, -1 for none; None where the index cannot be sorted by numbers.

        The statistics also count what is written and not searchable yet.
        """
        body = {"size": 1, "sort": [{"_seq_no": "desc"}], "_source": False, "track_total_hits": False}
        try:
            answer = self._client.ask("POST", f"/{quote(name)}/_search?preference=_shards:{shard}", body)
        except BadRequestError:
            return None
        if problem := hits.problem(answer):
            raise LogError(problem)
        found = hits.hits(answer)
        last = hits.number_of(found[0]) if found else -1
        return last if last is not None and last < _LARGEST_NUMBER else None

    def _by_number(self, name: str, extent: LogRange) -> Generator[LogDocument | Skipped, None, None]:
        path = f"/{quote(name)}/_search?preference=_shards:{extent.part}"
        size, after = _PAGE, extent.start - 1
        while after < extent.end - 1:
            body = {
                "size": size,
                "sort": [{"_seq_no": "asc"}],
                "query": {"range": {"_seq_no": {"gt": after, "lt": extent.end}}},
                "track_total_hits": False,
            }
            try:
                answer = self._client.ask("POST", path, body)
            except TooLongError:
                if size > 1:
                    size = max(1, size // _FEWER)
                    continue
                # What it is called, without what it holds
                answer = self._client.ask("POST", path, {**body, "_source": False})
                for number, hit in hits.numbered(answer, after, extent.end):
                    yield Skipped(hits.path(name, hit), "the document is too large to be read")
                    after, size = number, _PAGE
                if size > 1:
                    continue
            first, found = after + 1, hits.numbered(answer, after, extent.end)
            for after, hit in found:
                yield hits.document(name, hit, after)
            problem = hits.problem(answer)
            if problem:
                yield Skipped(name, f"{problem}: in shard {extent.part}, from number {first} on")
            if len(found) < size and not (problem and found):
                return

    def _by_scroll(self, name: str) -> Generator[LogDocument | Skipped, None, None]:
        body = {"size": _PAGE, "sort": ["_doc"]}
        answer = self._client.ask("POST", f"/{quote(name)}/_search?scroll={_KEPT}", body, once=True)
        total = at(answer, "hits", "total")
        total = total if isinstance(total, int) else at(total, "value")
        number, scroll = 0, at(answer, "_scroll_id")
        try:
            while found := hits.hits(answer):
                number += len(found)
                yield from (hits.document(name, hit) for hit in found)
                if problem := hits.problem(answer):
                    yield Skipped(name, f"{problem} after {number:,} documents")
                if not isinstance(total, int) or number > total:
                    raise LogError("the service returns more documents than there are")
                if not isinstance(scroll, str):
                    raise LogError("the service does not say how to go on")
                answer = self._client.ask("POST", "/_search/scroll", {"scroll": _KEPT, "scroll_id": scroll}, once=True)
                scroll = at(answer, "_scroll_id") or scroll
            if problem := hits.problem(answer):
                yield Skipped(name, f"{problem} after {number:,} documents")
            elif isinstance(total, int) and number < total:
                yield Skipped(name, f"{total - number:,} of its documents were not returned")
        finally:
            if isinstance(scroll, str):
                with suppress(LogError):
                    self._client.ask("DELETE", "/_search/scroll", {"scroll_id": [scroll]})


def _shard(copy: Any) -> _Shard | None:
    last, documents = at(copy, "seq_no", "max_seq_no"), count(at(copy, "docs", "count"))
    if documents is None or not isinstance(last, int) or not -1 <= last < _LARGEST_NUMBER:
        return None
    deleted = count(at(copy, "docs", "deleted")) or 0
    return _Shard(last, documents, deleted, count(at(copy, "store", "size_in_bytes")) or 0)


def open_service(address: LogAddress) -> Elasticsearch:
    """Return the service at an address. Raises LogError."""
    return Elasticsearch(LogClient(address))
