"""A forge over HTTPS whose answers keep to the vendor's published description, with what may be in the way.

``forge_schemas`` has excerpts of the descriptions: the lists with their query parameters, and the fields of entries.
Every entry is made from its schema and checked against it, and so is every request. It serves repositories too.
"""

from __future__ import annotations

import json
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from jsonschema import Draft202012Validator

from tests.git_http import GitHttp, handler_of, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from http.server import BaseHTTPRequestHandler

    import trustme

_SCHEMAS = Path(__file__).with_name("forge_schemas")
_FILLED = {"string": "", "integer": 1, "boolean": False, "object": {}, "array": [], "number": 0, "null": None}
_BASES = {"github": "/api/v3", "gitlab": "/api/v4", "gitea": "/api/v1", "bitbucket": "/2.0", "azure": ""}
DAY = "2026-01-02T03:04:05Z"


class Answered(NamedTuple):
    """A reply that is given instead of the forge's own, once."""

    status: int
    headers: Mapping[str, str] = MappingProxyType({})
    body: bytes = b"{}"


class ApiRequest(NamedTuple):
    """One request below the API; header names are in lower case. ``status`` is what it was answered with."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    status: int


@dataclass
class ForgeApi(GitHttp):
    """Serves ``lists`` and ``files`` by their paths in the API, and repositories below ``directory``.

    ``token`` is asked for when it is set, and is no longer accepted after ``expires`` pages. With ``store``, files are
    on that host. ``replies`` are given first, by path. ``most`` is how many entries a page has at most.
    """

    forge: str = "github"
    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    queries: list[dict[str, Any]] = field(default_factory=list)
    """The answers to queries, in this order."""
    posted: list[dict[str, Any]] = field(default_factory=list)
    token: str = ""
    expires: int | None = None
    store: str = ""
    replies: dict[str, list[Answered]] = field(default_factory=dict)
    most: int = 100
    requests: list[ApiRequest] = field(default_factory=list)
    scheme: str = "https"
    holds: int | None = None
    """After so many pages, nothing is answered, and connections are open until ``released``."""
    held: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._described = json.loads((_SCHEMAS / f"{self.forge}.json").read_bytes())
        self._validators = {name: Draft202012Validator(one) for name, one in self._described["schemas"].items()}

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def api(self) -> str:
        return f"{self.url}{_BASES[self.forge]}"

    @property
    def pages(self) -> list[ApiRequest]:
        """The requests for pages that were answered in full."""
        return [one for one in self.requests if one.status == 200 and one.path in self.lists]

    def entry(self, schema: str, **values: Any) -> dict[str, Any]:
        """Return an entry with all fields that the description requires, and these values."""
        described = self._described["schemas"][schema]
        types = {name: described["properties"][name].get("type", "object") for name in described["required"]}
        filled = {
            name: _FILLED[kind if isinstance(kind, str) else ("null" if "null" in kind else kind[0])]
            for name, kind in types.items()
        }
        made = {**filled, **values}
        self._validators[schema].validate(made)
        unknown = values.keys() - described["properties"].keys()
        assert not unknown, f"{schema} has no {unknown}"
        return made

    @contextmanager
    def running(self, certificate: trustme.LeafCert | None = None) -> Iterator[ForgeApi]:
        """Serve on a free port of this machine until left."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(context)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        else:
            self.scheme = "http"
        self.port = server.server_address[1]
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02))
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        base = _BASES[self.forge]
        parts = urlsplit(handler.path)
        if not (parts.path.startswith(f"{base}/") or parts.path.endswith("/graphql")) or ".git/" in parts.path:
            super().answer(handler)
            return
        headers = {name.lower(): value for name, value in handler.headers.items()}
        path, query = parts.path.removeprefix(base), dict(parse_qsl(parts.query))
        body = handler.rfile.read(int(headers.get("content-length", 0)))
        if self.holds is not None and len(self.pages) >= self.holds:
            self.held.set()
            self.released.wait(60)
            return
        reply = self._reply(path, query, headers, body)
        self.requests.append(ApiRequest(path, query, headers, reply.status))
        say(handler, reply.status, reply.headers, reply.body)

    def _reply(self, path: str, query: dict[str, str], headers: dict[str, str], body: bytes) -> Answered:
        if waiting := self.replies.get(path):
            return waiting.pop(0)
        is_known = not self.token or self.token in headers.get("authorization", "")
        if not is_known or (self.expires is not None and len(self.pages) >= self.expires):
            return Answered(401, {}, b'{"message": "Bad credentials"}')
        if path.endswith("/graphql"):
            self.posted.append(json.loads(body))
            return Answered(200, {}, json.dumps(self.queries.pop(0)).encode())
        if path in self.files:
            if self.store:
                return Answered(302, {"Location": f"{self.store}/{path.strip('/').replace('/', '-')}?sig=secret"})
            return Answered(200, {"Content-Type": "application/octet-stream"}, self.files[path])
        return self._page(path, query, headers) if path in self.lists else Answered(404)

    def _page(self, path: str, query: dict[str, str], headers: dict[str, str]) -> Answered:
        described = self._list(path)
        assert query.keys() <= {*described["query"]}, f"{path} takes no {query.keys() - {*described['query']}}"
        key, entries = described["key"], self.lists[path]
        if query.get("direction") == "desc" or query.get("sort") == "desc":
            entries = sorted(entries, key=lambda entry: str(entry["updated_at"]), reverse=True)
        size = min(self.most, int(query.get("per_page") or query.get("pagelen") or query.get("limit") or 30))
        number, last = int(query.get("page", 1)), max(1, -(-len(entries) // size))
        shown: Any = entries[(number - 1) * size : number * size]
        following = f"{self.api}{path}?{urlencode({**query, 'page': number + 1})}"
        if key:
            shown = {key: shown, "total_count": len(entries)}
            if self.forge == "bitbucket" and number < last:
                shown["next"] = following
        body = json.dumps(shown).encode()
        etag = f'"{sha256(body).hexdigest()}"'
        if headers.get("if-none-match") == etag:
            return Answered(304, {"ETag": etag}, b"")
        links = (
            f'<{following}>; rel="next", <{following.rpartition("=")[0]}={last}>; rel="last"' if number < last else ""
        )
        return Answered(200, {"Content-Type": "application/json", "ETag": etag, "Link": links}, body)

    def _list(self, path: str) -> dict[str, Any]:
        words = path.split("/")
        for template, described in self._described["lists"].items():
            names = template.split("/")
            if len(names) == len(words) and all(
                name.startswith("{") or name == word for name, word in zip(names, words, strict=True)
            ):
                found: dict[str, Any] = described
                return found
        raise AssertionError(f"the description has no list {path}")
