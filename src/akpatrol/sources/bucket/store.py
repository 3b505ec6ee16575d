"""The protocol of an object store, the values that it gives, and the table of stores.

A store gives keys as they are: ``a//b``, ``./a`` and ``a/`` are keys like any other. Credentials are those of the
provider's own chain, in this process: no unit, cache or report holds one.
"""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple, Protocol

from akpatrol.errors import AkpatrolError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.sources.bucket.address import BucketAddress

# The module of each store, and the packages that it needs.
_STORES = {
    "s3": ("s3", ("botocore",)),
    "gs": ("gs", ("google.auth",)),
    "az": ("azure", ("azure.storage.blob", "azure.identity")),
}


class BucketError(AkpatrolError):
    """A bucket or an object that cannot be read; the message is the reason and holds nothing that a server sent."""


class GoneError(BucketError):
    """A bucket or an object that does not exist, or no longer."""


class ChangedError(BucketError):
    """An object that is no longer as it was listed."""


class StoredObject(NamedTuple):
    """One object, or one ``version`` of it; None where versions were not asked for.

    ``size`` is in bytes, ``modified`` RFC 3339 in UTC. ``reason`` says why it cannot be read, as the listing says.
    ``latest`` says that it is the version that the key alone gives.
    """

    key: str
    size: int
    etag: str
    modified: str
    version: str | None = None
    reason: str | None = None
    latest: bool = True

    @property
    def path(self) -> bytes:
        """The key as a path, which names an earlier version."""
        name = self.key if self.latest or not self.version else f"{self.key}?versionId={self.version}"
        return name.encode("utf-8", "surrogatepass")


class BucketStore(Protocol):
    """A bucket. The methods raise BucketError, and may be called by several threads."""

    def pages(self, prefix: str, *, versions: bool) -> Iterator[Sequence[StoredObject]]:
        """Yield the objects whose keys begin so, page by page; with ``versions`` all that are kept."""

    def current(self, key: str) -> StoredObject:
        """Return the object that the key gives now."""

    def read(self, stored: StoredObject, start: int, length: int) -> bytes:
        """Return bytes of exactly this object: fewer than ``length`` only at its end. Raises ChangedError too."""

    def close(self) -> None:
        """End all connections."""


def check(address: BucketAddress) -> None:
    """Raise UsageError if the packages for a bucket are not installed."""
    for package in _STORES[address.scheme][1]:
        try:
            found = find_spec(package)
        except ImportError:
            found = None
        if not found:
            raise UsageError(
                f"{address.scheme}:// requires the package {package}", hint="pip install 'akpatrol[buckets]'"
            )


@contextmanager
def opened(address: BucketAddress) -> Iterator[BucketStore]:
    """Open a bucket for a while. Raises BucketError, and UsageError without the packages."""
    check(address)
    module = import_module(f"akpatrol.sources.bucket.{_STORES[address.scheme][0]}")
    store: BucketStore = module.open_bucket(address.bucket)
    try:
        yield store
    finally:
        store.close()
