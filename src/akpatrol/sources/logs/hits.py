"""Read what Elasticsearch and OpenSearch answer to a search. Pure; anything malformed is an error with its reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from akpatrol.model.scan import Skipped
from akpatrol.sources.logs.service import LogDocument, LogError

_MILLISECONDS = 1000


def at(value: Any, *path: str) -> Any:
    """Return what is in nested objects; None where there is nothing."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def count(value: Any) -> int | None:
    """Return a number that counts something; None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def hits(answer: Any) -> list[dict[str, Any]]:
    """Return the documents of an answer. Raises LogError."""
    found = at(answer, "hits", "hits")
    if not isinstance(found, list) or not all(isinstance(hit, dict) for hit in found):
        raise LogError("the service sends no list of documents")
    return found


def numbered(answer: Any, after: int, end: int) -> list[tuple[int, dict[str, Any]]]:
    """Return the documents with what they are sorted by, which lies between two numbers. Raises LogError."""
    found = []
    for hit in hits(answer):
        number = number_of(hit)
        # A page that begins again where the last one began would be followed by the same one.
        if number is None or not after < number < end:
            raise LogError("the service returns documents that were not asked for")
        after = number
        found.append((number, hit))
    return found


def number_of(hit: dict[str, Any]) -> int | None:
    """Return the number that a document is sorted by."""
    sort = hit.get("sort")
    return count(sort[0]) if isinstance(sort, list) and sort else None


def document(index: str, hit: dict[str, Any], number: int | None = None) -> LogDocument | Skipped:
    """Return a document, a line for each value of it."""
    source = hit.get("_source")
    if source is None:
        return Skipped(path(index, hit), "the index does not keep what was written to it (_source)")
    text = json.dumps(source, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass")
    version = "" if number is None else f"_seq_no {number}"
    return LogDocument(path(index, hit), text, _date(source), version)


def path(index: str, hit: dict[str, Any]) -> str:
    """Return the path of a document: with the service's address it is a URL that shows it."""
    return f"{index}/_doc/{quote(str(hit.get('_id')), safe='')}"


def problem(answer: Any) -> str:
    """Return why an answer may not be complete, "" if it is."""
    failed, total = at(answer, "_shards", "failed"), at(answer, "_shards", "total")
    if failed != 0:
        return f"{failed} of {total} shards failed" if count(failed) and count(total) else "a shard failed"
    return "the search took too long" if at(answer, "timed_out") is not False else ""


def _date(source: Any) -> str:
    """Return the time that a document has, RFC 3339 in UTC; "" without one."""
    value = at(source, "@timestamp")
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
        elif (milliseconds := count(value)) is not None:
            moment = datetime.fromtimestamp(milliseconds / _MILLISECONDS, UTC)
        else:
            return ""
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment.tzinfo else ""
    except (ValueError, OverflowError, OSError):
        return ""
