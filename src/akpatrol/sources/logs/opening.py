"""The table of log services: a module each, with a function ``service`` that returns the service behind a client."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.sources.logs.address import LogAddress
    from akpatrol.sources.logs.service import LogService

_MODULES = {"elasticsearch": "elasticsearch", "opensearch": "elasticsearch"}


@contextmanager
def opened(address: LogAddress) -> Iterator[LogService]:
    """Open a service for a while. Raises LogError."""
    from akpatrol.sources.logs.client import LogClient  # noqa: PLC0415 - httpx, which a sweep of paths need not load

    client = LogClient(address)
    try:
        module = import_module(f"akpatrol.sources.logs.{_MODULES[address.service]}")
        service: LogService = module.service(client)
        yield service
    finally:
        client.close()
