"""A forge on this machine: organizations of GitHub's API and groups of GitLab's, over HTTP, with what is in the way.

GitHub's answers are those of https://docs.github.com/en/rest/repos/repos#list-organization-repositories below
``/api/v3``, GitLab's those of https://docs.gitlab.com/api/groups/#list-all-projects-in-a-group below ``/api/v4``, as
far as anybody needs them.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, quote, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator


class Hosted(NamedTuple):
    """A repository: its full name, the address to clone it from, the full name of what it was forked from."""

    name: str
    url: str
    parent: str = ""
    archived: bool = False


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: Any = None


class Asked(NamedTuple):
    """One request; header names are in lower case."""

    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]


@dataclass
class ForgeServer:
    """Lists ``repositories`` below the organization or group that their names begin with.

    ``first`` are replies that are given before anything else, in this order. ``token`` is asked for when it is set.
    ``link`` replaces the scheme, host and port of the addresses of next pages.
    """

    repositories: list[Hosted] = field(default_factory=list)
    token: str = ""
    first: list[Reply] = field(default_factory=list)
    most: int = 100
    """How many entries a page has at most."""
    link: str = ""
    asked: list[Asked] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator[ForgeServer]:
        """Serve on a free port of this machine until left."""
        forge = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                forge.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
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
        parts = urlsplit(handler.path)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        asked = Asked(parts.path, parse_qs(parts.query), headers)
        self.asked.append(asked)
        reply = self.first.pop(0) if self.first else self._reply(asked)
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        handler.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def _reply(self, asked: Asked) -> Reply:
        if self.token and asked.headers.get("authorization") != f"Bearer {self.token}":
            return Reply(401, {}, {"message": "Bad credentials " + asked.headers.get("authorization", "")})
        match [unquote(part) for part in asked.path.split("/")[1:]]:
            case ["api", "v3", "orgs", owner, "repos"]:
                return self._page(asked, [self._github(one) for one in self._of(owner)])
            case ["api", "v3", "repos", owner, name]:
                return self._detail(f"{owner}/{name}")
            case ["api", "v4", "groups", owner, "projects"]:
                return self._page(asked, [self._gitlab(one) for one in self._of(owner)])
        return Reply(404, {}, {"message": "Not Found"})

    def _of(self, owner: str) -> list[Hosted]:
        return [one for one in self.repositories if one.name.startswith(f"{owner}/")]

    def _page(self, asked: Asked, entries: list[dict[str, Any]]) -> Reply:
        if not entries:
            return Reply(404, {}, {"message": "Not Found"})
        size = min(self.most, int(asked.query.get("per_page", ["30"])[0]))
        page = int(asked.query.get("page", ["1"])[0])
        rest = "&".join(f"{name}={quote(values[0])}" for name, values in asked.query.items() if name != "page")
        address = f"{self.link or self.url}{quote(asked.path)}?{rest}"
        links = [f'<{address}&page=1>; rel="first"']
        if page * size < len(entries):
            links.insert(0, f'<{address}&page={page + 1}>; rel="next"')
        return Reply(200, {"Link": ", ".join(links)}, entries[(page - 1) * size : page * size])

    def _detail(self, name: str) -> Reply:
        by_name = {one.name: one for one in self.repositories}
        if not (one := by_name.get(name)):
            return Reply(404, {}, {"message": "Not Found"})
        body = self._github(one)
        if one.parent:
            source = one
            while source.parent:
                source = by_name[source.parent]
            body |= {"parent": self._github(by_name[one.parent]), "source": self._github(source)}
        return Reply(200, {}, body)

    def _github(self, one: Hosted) -> dict[str, Any]:
        return {
            "id": self.repositories.index(one) + 1,
            "full_name": one.name,
            "clone_url": one.url,
            "fork": bool(one.parent),
            "archived": one.archived,
        }

    def _gitlab(self, one: Hosted) -> dict[str, Any]:
        made: dict[str, Any] = {
            "id": self.repositories.index(one) + 1,
            "path_with_namespace": one.name,
            "http_url_to_repo": one.url,
            "archived": one.archived,
        }
        if one.parent:
            parent = next(other for other in self.repositories if other.name == one.parent)
            made["forked_from_project"] = {"id": 1, "http_url_to_repo": parent.url}
        return made
