"""A unit of an image repository: one blob, a layer or a configuration."""

from __future__ import annotations

from contextlib import ExitStack
from hashlib import new
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.cache import scan_counts
from akpatrol.errors import AkpatrolError
from akpatrol.model.chunks import BLOCK_BYTES
from akpatrol.model.scan import Content, Origin, Skipped, Uncacheable
from akpatrol.sources.base import CacheEntry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.scan.result import ScanResult
    from akpatrol.sources.base import Item
    from akpatrol.sources.registry.manifests import BlobReference

LAYER, CONFIGURATION = "layer", "configuration"
COUNTERS = {LAYER: "layers", CONFIGURATION: "image_configurations"}
CACHED = "image blob"
_FOREIGN = "a foreign layer, which the registry does not hold"
# So much of a layer is read after its archive has ended, only to check the digest.
_REST_BYTES = 16 << 20


class BlobUnit(NamedTuple):
    """A blob of a repository of the registry ``base``; whoever reads it uses the login of its own environment."""

    target: str
    base: str
    repository: str
    part: str
    blob: BlobReference

    @property
    def title(self) -> str:
        """Its name in messages."""
        return f"{self.part} {self.blob.digest}"

    @property
    def names(self) -> tuple[bytes, ...]:
        """Every name in it, for whoever passes it on."""
        return (f"{self.base}/{self.repository}".encode(),)

    @property
    def work(self) -> int:
        """How many bytes are read in the time that it takes."""
        return self.blob.size

    def kept(self, read: ScanResult) -> CacheEntry | None:
        """Return what a later run can use of its result; with findings or skips it is read ``again``."""
        again = bool(read.findings or read.skipped)
        value = {**scan_counts.value_of(read), "again": again}
        return None if read.uncacheable else CacheEntry(CACHED, self.title, value)

    def read(self) -> Iterator[Item]:
        """Yield the blob."""
        with ExitStack() as opening:
            for item in self._read(opening):
                yield item
                if isinstance(item, Skipped):
                    # It is not counted, or only a part of it.
                    yield Uncacheable(self.title, "it was not read to its end")

    def _read(self, opening: ExitStack) -> Iterator[Item]:
        from akpatrol.sources.registry.client import NotInRegistryError, opened  # noqa: PLC0415 - httpx

        try:
            client = opening.enter_context(opened(self.base))
            path = f"/v2/{self.repository}/blobs/{self.blob.digest}"
            stream = _CheckedStream(client.blob(path), self.blob.digest, self.blob.size)
            opening.callback(stream.close)
            data = stream.read(BLOCK_BYTES)
        except NotInRegistryError as error:
            yield Skipped(self.title, _FOREIGN if self.blob.foreign else str(error))
            return
        except (AkpatrolError, OSError) as error:
            yield Skipped(self.title, str(error) if isinstance(error, AkpatrolError) else error.strerror or "")
            return
        origin = Origin(self.target, path=self.title.encode())
        content = Content(origin, data, size=self.blob.size, counter=COUNTERS[self.part])
        yield content if len(data) < BLOCK_BYTES else content._replace(read=stream.part)
        try:
            stream.finish(_REST_BYTES)
        except (AkpatrolError, OSError) as error:
            if not stream.failed:
                yield Skipped(self.title, str(error) if isinstance(error, AkpatrolError) else error.strerror or "")
        if stream.failed:
            yield Uncacheable(self.title, "it was not read to its end")


class _CheckedStream:
    """A blob that is read once, front to back; at its end its digest is checked."""

    def __init__(self, pieces: Iterator[bytes], digest: str, size: int) -> None:
        algorithm, _, self._expected = digest.partition(":")
        self._pieces = pieces
        self._digest = new(algorithm)
        self._left = size
        self._rest = b""
        self._ended = False
        self.failed = False

    def read(self, number: int) -> bytes:
        """Return the next bytes, fewer than ``number`` only at the end. Raises RegistryError, OSError for damage."""
        parts = []
        while number > 0:
            if not self._rest and not self._more():
                break
            part, self._rest = self._rest[:number], self._rest[number:]
            number -= len(part)
            parts.append(part)
        return b"".join(parts)

    def part(self, number: int) -> bytes:
        """Return the same to a reader of a content, which knows OSError alone."""
        try:
            return self.read(number)
        except AkpatrolError as error:
            self.failed = True
            raise OSError(0, str(error)) from None
        except OSError:
            self.failed = True
            raise

    def finish(self, most: int) -> None:
        """Read up to ``most`` bytes that were left, for the digest. Raises RegistryError and OSError."""
        while not self._ended and self._left <= most and not self.failed:
            self.read(1 << 20)

    def close(self) -> None:
        """End the connection."""
        if close := getattr(self._pieces, "close", None):
            close()

    def _more(self) -> bool:
        if self._ended:
            return False
        self._rest = next(self._pieces, b"")
        self._left -= len(self._rest)
        self._digest.update(self._rest)
        if self._left < 0:
            self._ended = True
            raise OSError(0, "it is longer than its manifest says")
        if self._rest:
            return True
        self._ended = True
        if self._digest.hexdigest() != self._expected:
            raise OSError(0, "its bytes are not those of its digest")
        return False
