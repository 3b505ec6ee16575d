"""A registry in this process, which can expire its tokens, break connections and be hostile."""

from __future__ import annotations

import json
from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import httpx

from akpatrol.sources.host_health import HostHealth
from akpatrol.sources.registry.client import RegistryClient, authorization_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BASE = "oci://registry.example.org"
ORIGIN = "https://registry.example.org"
REALM = "https://tokens.example.org/token"


class BrokenStream(httpx.SyncByteStream):
    """A body whose connection breaks after some bytes."""

    def __init__(self, data: bytes, *, breaks: bool) -> None:
        self._data = data
        self._breaks = breaks

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self._data), 1000):
            yield self._data[start : start + 1000]
        if self._breaks:
            raise httpx.ReadError("broken")


class Peer:
    """Answers by path; with ``requests_a_token`` it asks for tokens, each good for so many requests."""

    def __init__(self, requests_a_token: int = 0) -> None:
        self.blobs: dict[str, bytes] = {}
        self.answers: dict[str, Callable[[httpx.Request], httpx.Response]] = {}
        self.asked: list[httpx.Request] = []
        self.tokens = 0
        self.waits: list[float] = []
        self.now = 1000.0
        self._left: Counter[str] = Counter()
        self._requests_a_token = requests_a_token

    def client(self, **variables: str) -> RegistryClient:
        transport = httpx.MockTransport(self._streamed)
        authorization = authorization_of(BASE, {"HOME": "/nowhere", **variables})
        return RegistryClient(BASE, authorization, HostHealth(lambda: self.now), transport, self.waits.append)

    def blob(self, data: bytes) -> str:
        digest = f"sha256:{sha256(data).hexdigest()}"
        self.blobs[digest] = data
        return digest

    def _streamed(self, request: httpx.Request) -> httpx.Response:
        answer = self._answer(request)
        if not answer.is_stream_consumed:
            return answer
        return httpx.Response(
            answer.status_code, headers=answer.headers, stream=BrokenStream(answer.content, breaks=False)
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if str(request.url).startswith(REALM):
            self.tokens += 1
            token = f"token-{self.tokens}"
            self._left[token] = self._requests_a_token
            return httpx.Response(200, json={"token": token})
        if self._requests_a_token and request.url.host == "registry.example.org":
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            if self._left[token] <= 0:
                header = f'Bearer realm="{REALM}",service="registry",scope="repository:a:pull"'
                return httpx.Response(401, headers={"www-authenticate": header})
            self._left[token] -= 1
        path = request.url.raw_path.decode()
        if path in self.answers:
            return self.answers[path](request)
        digest = path.rpartition("/")[2]
        if digest not in self.blobs:
            return httpx.Response(404)
        start = int(request.headers.get("range", "bytes=0-")[6:].rstrip("-"))
        return httpx.Response(206 if start else 200, stream=BrokenStream(self.blobs[digest][start:], breaks=False))


def listed(values: Any) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _request: httpx.Response(200, content=json.dumps(values).encode())
