"""A real HTTPS server that keeps the documented contract of Anyreach's API, or breaks it in a way of choice.

``ApiServer`` is uvicorn with a trustme certificate. ``RawServer`` is for what a server library would never do: it
speaks bytes. Both keep a log of what reached them.
"""

from __future__ import annotations

import asyncio
import json
import socket
import socketserver
import ssl
import threading
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    import trustme

    Send = Callable[[Any], Awaitable[None]]

AGENTS, SCOPES = "/core/agents", "/admin/members/me/scopes"
VIEWER = ("members:read", "conversations:read")
_JSON, _HTML = (b"content-type", b"application/json"), (b"content-type", b"text/html; charset=utf-8")
_PAGE = b"<!doctype html><title>Please sign in</title>"
_BLOCK = b"[" + b"0," * 32767 + b"0"
_TEN_GIGABYTES = 10 * 2**30
_FOREVER = 3600.0  # seconds


class Logged(NamedTuple):
    """One request; ``time`` is the monotonic clock's, header names are in lower case."""

    path: str
    headers: dict[str, str]
    time: float

    @property
    def credential(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")

    @property
    def organization(self) -> str | None:
        return self.headers.get("x-anyreach-org")


class Member(NamedTuple):
    """A credential that exists. ``narrow`` ones may not list agents."""

    scopes: tuple[str, ...] = VIEWER
    organizations: tuple[str, ...] = ()
    narrow: bool = False


class Reply(NamedTuple):
    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = (_JSON,)


@dataclass
class ApiServer:
    """Serves ``members``. ``behaviour`` is ``contract`` or the name of a misbehaviour, a method ``_<name>`` here."""

    behaviour: str = "contract"
    members: dict[str, Member] = field(default_factory=dict)
    target: str = ""
    """Where ``redirects`` sends to; the credential that ``fails_on_one`` fails on."""
    after: int = 0
    """How many requests a behaviour named ``..._half_way`` answers as documented."""
    agents: int = 1
    """How many agents there are to list."""
    claim_for_all: bool = False
    """Whether the answer to a token that does not exist also says that its organization is missing: not documented."""
    log: list[Logged] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def of(self, credential: str) -> list[Logged]:
        """Return the requests that carried a credential."""
        return [logged for logged in self.log if logged.credential == credential]

    @property
    def controls(self) -> list[Logged]:
        return [logged for logged in self.log if "_akpatrolcontrol" in logged.credential]

    @contextmanager
    def running(self, certificate: trustme.LeafCert | None) -> Iterator[ApiServer]:
        """Serve on a free port of this machine until left; without a certificate, plain HTTP."""
        config = uvicorn.Config(
            self._app, interface="asgi3", http="h11", ws="none", lifespan="off", log_config=None, access_log=False
        )
        config.load()
        if certificate:
            config.ssl = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(config.ssl)
        listener = socket.create_server(("127.0.0.1", 0))
        # Else a body waits 40 ms for the client to acknowledge the headers before it.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = listener.getsockname()[1]
        server = _Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        thread.start()
        try:
            while not server.started:
                time.sleep(0.005)
            yield self
        finally:
            server.should_exit = server.force_exit = True
            thread.join()

    async def _app(self, scope: dict[str, Any], _receive: object, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        request = Logged(scope["path"], headers, time.monotonic())
        self.log.append(request)
        await getattr(self, f"_{self.behaviour}")(request, send)

    async def _contract(self, request: Logged, send: Send) -> None:
        reply = self._documented(request)
        # Some servers and proxies repeat what they were sent.
        echo = (b"x-echo", request.headers.get("authorization", "").encode())
        await _reply(send, reply._replace(headers=(*reply.headers, echo)))

    def _documented(self, request: Logged) -> Reply:
        member = self.members.get(request.credential)
        is_token = request.credential.startswith("pat_")
        if is_token and request.organization is None and (member or self.claim_for_all):
            return _error(401, "Token is missing organization claim.")
        if member is None:
            return _error(401, f"Invalid credential {request.credential}")
        if is_token and request.organization not in member.organizations:
            return _error(403, "Not allowed in this organization.")
        return self._granted(request.path, member)

    def _granted(self, path: str, member: Member) -> Reply:
        if path == SCOPES:
            return Reply(200, json.dumps(member.scopes).encode())
        if path != AGENTS:
            return _error(404, "Not Found")
        if member.narrow:
            return _error(403, "Missing scope.")
        return Reply(200, json.dumps([{"id": f"agent_{n}", "name": "n" * 200} for n in range(self.agents)]).encode())

    async def _accepts_everything(self, request: Logged, send: Send) -> None:
        await _reply(send, Reply(200, b'["members:read"]' if request.path == SCOPES else b"[]"))

    async def _forbids_everything(self, _request: Logged, send: Send) -> None:
        await _reply(send, _error(403, "Forbidden"))

    async def _claims_everything(self, _request: Logged, send: Send) -> None:
        await _reply(send, _error(401, "Token is missing organization claim."))

    async def _throttles(self, _request: Logged, send: Send) -> None:
        await _reply(send, _error(429, "Too many requests"))

    async def _throttles_for_an_hour(self, _request: Logged, send: Send) -> None:
        await _reply(send, _error(429, "Too many requests", (b"retry-after", b"3600")))

    async def _throttles_once(self, request: Logged, send: Send) -> None:
        if len(self.log) == 1:
            return await _reply(send, _error(429, "Too many requests", (b"retry-after", b"1")))
        return await self._contract(request, send)

    async def _fails_once(self, request: Logged, send: Send) -> None:
        """Answer 500 to the first request with each credential."""
        if len(self.of(request.credential)) == 1:
            return await _reply(send, _error(500, "Internal Server Error"))
        return await self._contract(request, send)

    async def _fails(self, _request: Logged, send: Send) -> None:
        await _reply(send, _error(500, "Internal Server Error"))

    async def _fails_on_one(self, request: Logged, send: Send) -> None:
        """Answer 500 to every request with the credential ``target``."""
        if request.credential == self.target:
            return await self._fails(request, send)
        return await self._contract(request, send)

    async def _hangs(self, _request: Logged, _send: Send) -> None:
        await asyncio.sleep(_FOREVER)

    async def _hangs_half_way(self, request: Logged, send: Send) -> None:
        await (self._hangs if len(self.log) > self.after else self._contract)(request, send)

    async def _drips(self, _request: Logged, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [_JSON]})
        for _ in range(int(_FOREVER)):
            await send({"type": "http.response.body", "body": b" ", "more_body": True})
            await asyncio.sleep(0.05)

    async def _endless(self, _request: Logged, send: Send) -> None:
        await _endlessly(send, 401, b"{" * 2**16)

    async def _endless_list(self, request: Logged, send: Send) -> None:
        """Answer as documented, with ten gigabytes of agents for whoever may see them."""
        if self._documented(request).status == 200 and request.path == AGENTS:
            return await _endlessly(send, 200, _BLOCK)
        return await self._contract(request, send)

    async def _redirects(self, request: Logged, send: Send) -> None:
        location = (b"location", (self.target + request.path).encode())
        await _reply(send, Reply(307, b"", (location,)))

    async def _portal(self, _request: Logged, send: Send) -> None:
        await _reply(send, Reply(200, _PAGE, (_HTML,)))

    async def _firewall(self, _request: Logged, send: Send) -> None:
        await _reply(send, Reply(403, _PAGE, (_HTML,)))

    async def _portal_half_way(self, request: Logged, send: Send) -> None:
        await (self._portal if len(self.log) > self.after else self._contract)(request, send)

    async def _firewall_half_way(self, request: Logged, send: Send) -> None:
        await (self._firewall if len(self.log) > self.after else self._contract)(request, send)

    async def _accepts_half_way(self, request: Logged, send: Send) -> None:
        await (self._accepts_everything if len(self.log) > self.after else self._contract)(request, send)

    async def _breaks_half_way(self, request: Logged, send: Send) -> None:
        """Close the connection in the middle of each answer."""
        if len(self.log) <= self.after:
            return await self._contract(request, send)
        length = (b"content-length", b"1000")
        await send({"type": "http.response.start", "status": 200, "headers": [_JSON, length]})
        return await send({"type": "http.response.body", "body": b"[1, 2", "more_body": True})


class _Server(uvicorn.Server):
    """Ends as soon as it is stopped; uvicorn looks ten times a second, and then lets connections finish."""

    async def main_loop(self) -> None:
        while not await self.on_tick(0):  # noqa: ASYNC110 - another thread sets it
            await asyncio.sleep(0.005)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        # With an answer that has no end a connection would not close by itself before the loop does.
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        while self.server_state.connections:  # noqa: ASYNC110 - there is no event for closed connections
            await asyncio.sleep(0)


async def _reply(send: Send, reply: Reply) -> None:
    await send({"type": "http.response.start", "status": reply.status, "headers": list(reply.headers)})
    await send({"type": "http.response.body", "body": reply.body})


async def _endlessly(send: Send, status: int, block: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [_JSON]})
    for _ in range(_TEN_GIGABYTES // len(block)):
        await send({"type": "http.response.body", "body": block, "more_body": True})
        await asyncio.sleep(0)


def _error(status: int, detail: str, *headers: tuple[bytes, bytes]) -> Reply:
    return Reply(status, json.dumps({"detail": detail}).encode(), (_JSON, *headers))


class RawServer(socketserver.ThreadingTCPServer):
    """Accepts connections and hands each to ``serve``; ``received`` is the first block of each."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, serve: Callable[[socket.socket], None], certificate: trustme.LeafCert | None = None) -> None:
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)
        self.received: list[bytes] = []
        self._serve = serve
        self._context: ssl.SSLContext | None = None
        if certificate:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(self._context)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        with suppress(OSError):
            connection = self._context.wrap_socket(request, server_side=True) if self._context else request
            with closing(connection):
                self.received.append(connection.recv(65536))
                self._serve(connection)

    @contextmanager
    def running(self) -> Iterator[RawServer]:
        """Serve until left."""
        thread = threading.Thread(target=lambda: self.serve_forever(poll_interval=0.02))
        thread.start()
        try:
            yield self
        finally:
            self.shutdown()
            thread.join()
            self.server_close()
