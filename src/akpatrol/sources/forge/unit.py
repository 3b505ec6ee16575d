"""Units of a forge: the texts of a page, which are sent with it, and a file, which whoever reads it asks for."""

from __future__ import annotations

from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import AkpatrolError
from akpatrol.model.chunks import BLOCK_BYTES
from akpatrol.model.scan import Chunk, Content, Excluded, Exclusion, Origin, Place, Skipped
from akpatrol.sources.forge.refusals import BrokenError, RefusedError
from akpatrol.sources.forge.table import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.sources.base import Item
    from akpatrol.sources.forge.client import ForgeClient

TEXTS, FILES = "forge_texts", "forge_files"
_LARGEST = 2 << 30  # bytes of a file
_IN_MEMORY = 16 << 20
_ATTEMPTS = 3


class ForgeText(NamedTuple):
    """An item: where a person sees it, below the host; what is written there; and its version."""

    path: str
    text: str
    version: str = ""


class TextsUnit(NamedTuple):
    """The items of a page."""

    target: str
    texts: tuple[ForgeText, ...]

    @property
    def title(self) -> str:
        """Return the first item and the number of the others."""
        more = f" and {len(self.texts) - 1} more" if len(self.texts) > 1 else ""
        return self.texts[0].path + more

    def read(self) -> Iterator[Item]:
        """Yield the items."""
        for path, text, version in self.texts:
            data = text.encode("utf-8", "surrogatepass")
            yield Content(_origin(self.target, path, version), data, size=len(data), counter=TEXTS)


class FileUnit(NamedTuple):
    """A file at the URL ``url`` of the forge's API; whoever reads it uses the login of its own environment."""

    target: str
    forge: str
    api: str
    url: str
    accept: str
    path: str
    version: str = ""
    size: int = 0

    @property
    def title(self) -> str:
        """Where a person sees it."""
        return self.path

    def read(self) -> Iterator[Item]:
        """Yield the file."""
        yield Chunk(Origin(self.target, Place.PATH), self.path.encode("utf-8", "surrogatepass"), names=True)
        if self.size > _LARGEST:
            yield Skipped(self.path, _too_large(self.size))
            return
        with ExitStack() as opening:
            yield from self._read(opening)

    def _read(self, opening: ExitStack) -> Iterator[Item]:
        # An archive's directory is at its end, and the address that a forge gives is good for a minute.
        file = opening.enter_context(SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115 - it is one
        try:
            client = opening.enter_context(opened(self.forge, self.api))
            if not self._fetched(client, file):
                yield Skipped(self.path, _too_large(0))
                return
        except RefusedError as error:
            yield Excluded(Exclusion.DELETED) if error.was_deleted else Skipped(self.path, str(error))
            return
        except (AkpatrolError, OSError) as error:
            yield Skipped(self.path, str(error) if isinstance(error, AkpatrolError) else error.strerror or "")
            return
        size = file.tell()

        def at(start: int, length: int) -> bytes:
            file.seek(start)
            return file.read(length)

        data = at(0, BLOCK_BYTES)
        content = Content(_origin(self.target, self.path, self.version), data, size=size, counter=FILES)
        yield content if size <= len(data) else content._replace(read=_FileReader(at, len(data)).read, at=at)

    def _fetched(self, client: ForgeClient, file: SpooledTemporaryFile[bytes]) -> bool:
        """Fetch the file, and return whether it is not too large. Raises ForgeError."""
        for attempt in range(1, _ATTEMPTS + 1):
            file.seek(0)
            file.truncate()
            try:
                with client.file(self.url, self.accept) as pieces:
                    return _fill(file, pieces)
            except BrokenError:
                if attempt == _ATTEMPTS:
                    raise
        return False


class _FileReader:
    """Reads from a position on."""

    def __init__(self, at: _At, start: int) -> None:
        self._at = at
        self._start = start

    def read(self, number: int) -> bytes:
        """Return the next bytes, fewer than ``number`` only at the end."""
        data = self._at(self._start, number)
        self._start += len(data)
        return data


if TYPE_CHECKING:
    from collections.abc import Callable

    _At = Callable[[int, int], bytes]


def _fill(file: SpooledTemporaryFile[bytes], pieces: Iterator[bytes]) -> bool:
    """Write a file, and return whether it is not too large."""
    for piece in pieces:
        file.write(piece)
        if file.tell() > _LARGEST:
            return False
    return True


def _origin(target: str, path: str, version: str) -> Origin:
    return Origin(target, path=path.encode("utf-8", "surrogatepass"), object=version)


def _too_large(size: int) -> str:
    words = f", and it has {size:,}" if size else ""
    return f"a file of more than {_LARGEST:,} bytes is not read{words}"
