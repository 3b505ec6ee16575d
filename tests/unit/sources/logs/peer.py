"""A cluster that is asked without a network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx

from akpatrol.sources.host_health import HostHealth
from akpatrol.sources.logs.address import parse
from akpatrol.sources.logs.client import LogClient
from akpatrol.sources.logs.elasticsearch import Elasticsearch
from tests.elastic_server import Cluster, Reply, asked

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.elastic_server import Asked


@dataclass
class Peer:
    """The cluster, and what a client of it does.

    ``waits`` are the pauses in seconds; ``now`` is the time by which a lost host is asked again.
    """

    cluster: Cluster = field(default_factory=Cluster)
    waits: list[float] = field(default_factory=list)
    now: float = 1000.0

    def service(self, **variables: str) -> Elasticsearch:
        def answer(request: httpx.Request) -> httpx.Response:
            told = {name.lower(): value for name, value in request.headers.items()}
            reply = self.cluster.answer(asked(request.method, str(request.url), told, request.content))
            if isinstance(reply.body, httpx.SyncByteStream):
                return httpx.Response(reply.status, headers=reply.headers, stream=reply.body)
            # As a stream, which is what a connection gives
            return httpx.Response(reply.status, headers=reply.headers, stream=httpx.ByteStream(reply.data))

        address = parse("elasticsearch+https://logs.example.org:9200")
        transport = httpx.MockTransport(answer)
        health = HostHealth(lambda: self.now)
        return Elasticsearch(LogClient(address, variables, transport, self.waits.append, health))


def always(reply: Reply) -> Callable[[Asked], Reply]:
    """Return a function that gives the same answer to everything."""
    return lambda _asked: reply
