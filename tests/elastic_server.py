"""A cluster of Elasticsearch or OpenSearch on this machine, as far as its published API says how it answers.

The forms are those of https://github.com/elastic/elasticsearch-specification (cat.indices, indices.stats,
_global.search, _global.scroll, _global.clear_scroll) and of
https://github.com/opensearch-project/opensearch-api-specification, which agree in what is here.
"""

from __future__ import annotations

import fnmatch
import json
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import trustme


class Reply(NamedTuple):
    """An answer; ``headers`` are added to the usual ones."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = MappingProxyType({})

    @property
    def data(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class Asked(NamedTuple):
    """One request; header names are in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


class Document(NamedTuple):
    """A document as it is now, with its sequence number."""

    number: int
    id: str
    source: Any


@dataclass
class Index:
    """An index whose documents are divided among ``shards``; ``hidden`` are shards without a primary."""

    uuid: str = "kXvYxqIQTzuZ9YDOpMkbsg"
    shards: int = 1
    is_closed: bool = False
    is_numbered: bool = True
    missing: int = 0
    written: list[int] = field(default_factory=list)
    held: list[list[Document]] = field(default_factory=list)

    def write(self, id_: str, source: Any, shard: int = 0) -> None:
        """Write a document, in place of an earlier one of that id."""
        self._grow()
        self.delete(id_)
        self.held[shard].append(Document(self.written[shard], id_, source))
        self.written[shard] += 1

    def delete(self, id_: str) -> None:
        for documents in self.held:
            documents[:] = [one for one in documents if one.id != id_]

    def _grow(self) -> None:
        while len(self.held) < self.shards:
            self.held.append([])
            self.written.append(0)

    def stats(self) -> dict[str, Any]:
        self._grow()
        return {
            "uuid": self.uuid,
            "shards": {
                str(number): [
                    {
                        "routing": {"state": "STARTED", "primary": True, "node": "n"},
                        "docs": {"count": len(self.held[number]), "deleted": 0},
                        "store": {"size_in_bytes": 1000 * len(self.held[number])},
                        "commit": {"id": "x", "generation": 3, "user_data": {}, "num_docs": len(self.held[number])},
                        **(
                            {"seq_no": {"max_seq_no": self.written[number] - 1, "global_checkpoint": 0}}
                            if self.is_numbered
                            else {}
                        ),
                    },
                    {"routing": {"state": "STARTED", "primary": False, "node": "m"}, "docs": {"count": 0}},
                ]
                for number in range(self.shards - self.missing)
            },
        }


class Cluster:
    """Answers requests; ``answers`` by path replace its own, ``credentials`` is the header that it asks for."""

    def __init__(self) -> None:
        self.indices: dict[str, Index] = {}
        self.answers: dict[str, Callable[[Asked], Reply]] = {}
        self.asked: list[Asked] = []
        self.scrolls: dict[str, list[Any]] = {}
        self.credentials = ""
        self.url = ""

    def index(self, name: str, **how: Any) -> Index:
        """Add an index."""
        return self.indices.setdefault(name, Index(**how))

    def answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        if self.credentials and asked.headers.get("authorization") != self.credentials:
            return Reply(401, {"error": {"type": "security_exception"}, "status": 401})
        if special := self.answers.get(asked.path):
            return special(asked)
        return self.own(asked)

    def own(self, asked: Asked) -> Reply:
        """Return its own answer."""
        first, _, rest = asked.path.strip("/").partition("/")
        if first == "_cat":
            return self._listed(unquote(rest.partition("/")[2]))
        if first == "_search":
            return self._scrolled(asked)
        name = unquote(first)
        if name not in self.indices:
            return Reply(404, {"error": {"type": "index_not_found_exception"}, "status": 404})
        index = self.indices[name]
        if rest.startswith("_stats"):
            return Reply(200, {"_shards": {"total": 1}, "indices": {name: index.stats()}})
        return self._found(name, index, asked)

    def _listed(self, pattern: str) -> Reply:
        named = [name for name in sorted(self.indices) if _is_meant(name, pattern)]
        if not named and "*" not in pattern:
            return Reply(404, {"error": {"type": "index_not_found_exception"}, "status": 404})
        entries = ((name, self.indices[name]) for name in named)
        return Reply(200, [{"index": name, "status": _status(one), "pri": str(one.shards)} for name, one in entries])

    def _found(self, name: str, index: Index, asked: Asked) -> Reply:
        body = asked.body
        documents = [one for shard in index.held for one in shard]
        shard = asked.query.get("preference", "").removeprefix("_shards:")
        if shard:
            documents = index.held[int(shard)]
        if body["sort"] == ["_doc"]:
            hits = [{"_index": name, "_id": one.id, "_source": one.source} for one in documents]
            self.scrolls["c2Nyb2xs"] = hits[body["size"] :]
            return _page(hits[: body["size"]], len(hits), _scroll_id="c2Nyb2xs")
        if not index.is_numbered:
            return Reply(400, {"error": {"type": "search_phase_execution_exception"}, "status": 400})
        ((order,),) = (sort.values() for sort in body["sort"])
        limits = body.get("query", {}).get("range", {}).get("_seq_no", {"gt": -1, "lt": 1 << 60})
        chosen = sorted(one for one in documents if limits["gt"] < one.number < limits["lt"])
        hits = [
            {"_index": name, "_id": one.id, "sort": [one.number]}
            | ({"_source": one.source} if body.get("_source", True) else {})
            for one in (reversed(chosen) if order == "desc" else chosen)
        ]
        return _page(hits[: body["size"]], None)

    def _scrolled(self, asked: Asked) -> Reply:
        if asked.method == "DELETE":
            for one in asked.body["scroll_id"]:
                self.scrolls.pop(one, None)
            return Reply(200, {"succeeded": True, "num_freed": 1})
        rest = self.scrolls.get(asked.body["scroll_id"])
        if rest is None:
            return Reply(404, {"error": {"type": "search_context_missing_exception"}, "status": 404})
        page, rest[:] = rest[:1000], rest[1000:]
        return _page(page, None, _scroll_id=asked.body["scroll_id"])

    @contextmanager
    def running(self, certificate: trustme.LeafCert) -> Iterator[Cluster]:
        """Serve by TLS on a free port of this machine until left."""
        cluster = self

        class Handler(BaseHTTPRequestHandler):
            def _any(self) -> None:
                data = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                reply = cluster.answer(asked(self.command, self.path, headers, data))
                self.send_response(reply.status)
                for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.data)))
                self.end_headers()
                self.wfile.write(reply.data)

            do_GET = do_POST = do_DELETE = _any  # noqa: N815 - as the library wants them

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        self.url = f"elasticsearch+https://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02))
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def asked(method: str, target: str, headers: dict[str, str], data: bytes) -> Asked:
    """Return a request as the cluster takes it."""
    parts = urlsplit(target)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return Asked(method, parts.path, query, headers, json.loads(data) if data else None)


def _page(hits: list[Any], total: int | None, **more: Any) -> Reply:
    told = {} if total is None else {"total": {"value": total, "relation": "eq"}}
    shards = {"total": 1, "successful": 1, "skipped": 0, "failed": 0}
    return Reply(200, {"took": 1, "timed_out": False, "_shards": shards, "hits": {**told, "hits": hits}, **more})


def _is_meant(name: str, pattern: str) -> bool:
    return any(fnmatch.fnmatchcase(name, part) for part in pattern.split(","))


def _status(index: Index) -> str:
    return "close" if index.is_closed else "open"
