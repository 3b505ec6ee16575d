"""The table of log services: a module each, with a function ``open_service``, and the package that it needs."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from akpatrol.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.sources.logs.address import LogAddress
    from akpatrol.sources.logs.service import LogService

_SERVICES = {
    "elasticsearch": ("elasticsearch", "httpx"),
    "opensearch": ("elasticsearch", "httpx"),
    "cloudwatch": ("cloudwatch", "botocore"),
}


def check(address: LogAddress) -> None:
    """Raise UsageError if the package for a service is not installed."""
    package = _SERVICES[address.service][1]
    if not find_spec(package):
        raise UsageError(f"{address.service}:// requires the package {package}", "pip install 'akpatrol[buckets]'")


@contextmanager
def opened(address: LogAddress) -> Iterator[LogService]:
    """Open a service for a while. Raises LogError, and UsageError without its package."""
    check(address)
    module = import_module(f"akpatrol.sources.logs.{_SERVICES[address.service][0]}")
    service: LogService = module.open_service(address)
    try:
        yield service
    finally:
        service.close()
