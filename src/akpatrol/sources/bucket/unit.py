"""A unit of objects of a bucket: small ones are requested together, large ones read part by part."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.cache import scan_counts
from akpatrol.errors import AkpatrolError
from akpatrol.model.batch import SMALL_BYTES, ContentBatch, Gathering
from akpatrol.model.chunks import BLOCK_BYTES
from akpatrol.model.scan import Chunk, Content, Counted, Origin, Place, Skipped, Uncacheable
from akpatrol.sources.base import CacheEntry
from akpatrol.sources.bucket.address import parse
from akpatrol.sources.bucket.store import BucketError, ChangedError, StoredObject, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from akpatrol.scan.result import ScanResult
    from akpatrol.sources.base import Item
    from akpatrol.sources.bucket.store import BucketStore

COUNTER = "objects"
CACHED = "bucket"
# To ask for an object takes as long as to read so many bytes.
_REQUEST_BYTES = 64 << 10
# Requests at once, each of a block at most: a request takes longer to be answered than a small object to be sent.
_REQUESTS = 8


class UnreadObject(Skipped):
    """An object of which nothing was read, so that it is not counted either."""

    __slots__ = ()


class BucketUnit(NamedTuple):
    """Objects of the bucket whose address is ``base``; whoever reads it uses the credentials of its own environment."""

    target: str
    base: str
    objects: tuple[StoredObject, ...]

    @property
    def title(self) -> str:
        """Return the first key and the number of the others."""
        more = f" and {len(self.objects) - 1} more" if len(self.objects) > 1 else ""
        return shown(self.objects[0]) + more

    @property
    def names(self) -> tuple[bytes, ...]:
        """Every name in it, for whoever passes it on."""
        return (self.base.encode(), *(stored.path for stored in self.objects))

    @property
    def work(self) -> int:
        """How many bytes are read in the time that it takes."""
        return sum(work_of(stored) for stored in self.objects)

    @property
    def key(self) -> str:
        """Its name in the cache."""
        return sha256(repr((self.base, self.objects)).encode("utf-8", "surrogatepass")).hexdigest()

    def kept(self, read: ScanResult) -> CacheEntry | None:
        """Return what a later run can use of its result; None if a problem belongs to no single object.

        Objects with findings or skips are read ``again``; those that are ``unread`` are not counted yet.
        """
        numbers = {stored.path: number for number, stored in enumerate(self.objects)}
        names = {shown(stored): number for number, stored in enumerate(self.objects)}
        unread = {names.get(skip.item) for skip in read.skipped if isinstance(skip, UnreadObject)}
        # A skip in a container is named by the object and the path in the container.
        again = {names.get(skip.item.partition(" > ")[0], names.get(skip.item)) for skip in read.skipped} - unread
        again |= {numbers.get(finding.origin.path or b"") for finding in read.findings}
        in_names = any(
            finding.origin.place is Place.PATH and not finding.origin.containers for finding in read.findings
        )
        if in_names or read.uncacheable or None in again | unread:
            return None
        lists = {name: sorted({*numbers.values()} & some) for name, some in (("again", again), ("unread", unread))}
        return CacheEntry(CACHED, self.key, {**scan_counts.value_of(read), **lists})

    def read(self) -> Iterator[Item | ContentBatch]:
        """Yield the keys and then what the objects hold, that of small ones in batches."""
        yield Chunk(Origin(self.target, Place.PATH), b"\0".join(stored.path for stored in self.objects), names=True)
        try:
            with opened(parse(self.base)) as store, ThreadPoolExecutor(_REQUESTS) as requests:
                yield from _Reading(self.target, store, requests).all(self.objects)
        except AkpatrolError as error:  # it cannot be opened: what fails later belongs to one object
            for stored in self.objects:
                yield UnreadObject(shown(stored), str(error))


class _Begun(NamedTuple):
    """An object as it is now, with its first block."""

    stored: StoredObject
    data: bytes


class _Reading:
    """Reads the objects of a unit, in their order."""

    def __init__(self, target: str, store: BucketStore, requests: ThreadPoolExecutor) -> None:
        self._target = target
        self._store = store
        self._requests = requests
        self._small = Gathering[StoredObject]()
        self._broken_off = ""

    def all(self, objects: tuple[StoredObject, ...]) -> Iterator[Item | ContentBatch]:
        """Yield the objects and what could not be read."""
        waiting: deque[tuple[StoredObject, Future[_Begun]]] = deque()
        for stored in objects:
            waiting.append((stored, self._requests.submit(self._begin, stored)))
            if len(waiting) == _REQUESTS:
                yield from self._one(*waiting.popleft())
        while waiting:
            yield from self._one(*waiting.popleft())
        yield from self._together()
        if self._broken_off:
            yield Uncacheable(self._broken_off, "its connection broke off")

    def _begin(self, stored: StoredObject) -> _Begun:
        """Read the first block of an object; one that has changed since it was listed is read as it is now."""
        try:
            return _Begun(stored, self._store.read(stored, 0, BLOCK_BYTES))
        except ChangedError:
            stored = self._store.current(stored.key)
            return _Begun(stored, self._store.read(stored, 0, BLOCK_BYTES))

    def _one(self, listed: StoredObject, begun: Future[_Begun]) -> Iterator[Item | ContentBatch]:
        try:
            stored, data = begun.result()
        except BucketError as error:
            yield UnreadObject(shown(listed), str(error))
            return
        if stored != listed:
            yield Uncacheable(shown(listed), "it has changed since it was listed")
        if stored.size <= SMALL_BYTES:
            if self._small.add(stored, data):
                yield from self._together()
            return
        yield self._content(stored, data)

    def _together(self) -> Iterator[ContentBatch | Counted]:
        objects, contents = self._small.keys, self._small.data
        self._small = Gathering()
        if objects:
            yield ContentBatch(contents, lambda number: self._content(objects[number], contents[number], None))
            yield Counted(COUNTER, len(contents), sum(map(len, contents)))

    def _content(self, stored: StoredObject, data: bytes, counter: str | None = COUNTER) -> Content:
        content = Content(origin(self._target, stored), data, size=stored.size, counter=counter)
        if stored.size <= len(data):
            return content
        return content._replace(read=_Ahead(self._part(stored), self._requests, len(data)).read, at=self._part(stored))

    def _part(self, stored: StoredObject) -> Callable[[int, int], bytes]:
        def part(start: int, length: int) -> bytes:
            try:
                return self._store.read(stored, start, length)
            except BucketError as error:
                self._broken_off = shown(stored)
                raise OSError(0, str(error)) from None

        return part


class _Ahead:
    """Reads an object from a position on, and has the next block sent meanwhile."""

    def __init__(self, part: Callable[[int, int], bytes], requests: ThreadPoolExecutor, start: int) -> None:
        self._part = part
        self._requests = requests
        self._start = start
        self._next: tuple[int, Future[bytes]] | None = None

    def read(self, number: int) -> bytes:
        """Return the next bytes, fewer than ``number`` only at the end. Raises OSError."""
        wanted, coming = self._next or (0, None)
        data = coming.result() if coming and wanted == number else self._part(self._start, number)
        self._start += len(data)
        self._next = None
        if len(data) == number:
            self._next = number, self._requests.submit(self._part, self._start, number)
        return data


def work_of(stored: StoredObject) -> int:
    """Return how many bytes are read in the time that an object takes."""
    return max(stored.size, _REQUEST_BYTES)


def shown(stored: StoredObject) -> str:
    """Return the name of an object in messages."""
    return stored.path.decode("utf-8", "backslashreplace")


def origin(target: str, stored: StoredObject) -> Origin:
    """Return where an object's bytes come from; ``object`` keeps the facts for ``place``."""
    facts = (stored.etag, stored.version or "", stored.modified)
    return Origin(target, path=stored.path, object="\n".join(fact.replace("\n", " ") for fact in facts))
