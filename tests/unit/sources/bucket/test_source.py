"""The listing of a bucket: by page, whatever its keys, and what changes its marks."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

import pytest

from akpatrol.cache.scan_cache import ScanCache
from akpatrol.config.limits import Limits
from akpatrol.errors import UsageError
from akpatrol.model.chunks import BLOCK_BYTES
from akpatrol.model.scan import Excluded, Skipped, Target
from akpatrol.rules import rule_file
from akpatrol.scan import execute
from akpatrol.scan.examine import Examiner
from akpatrol.scan.result import ScanResult
from akpatrol.sources.bucket import place, source, unit
from akpatrol.sources.bucket.address import parse
from akpatrol.sources.bucket.source import BucketSource, marks
from akpatrol.sources.bucket.store import BucketError, ChangedError, GoneError, StoredObject
from akpatrol.sources.bucket.unit import BucketUnit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from akpatrol.sources.bucket.address import BucketAddress

_MILLION = 1_000_000
_PAGE = 1000
_SIZE = 7
_DAY = "2026-01-02T03:04:05Z"
_EXAMINER = Examiner(rule_file.load(), Limits())


class Store:
    """A bucket in memory, of so many keys; it fails from a key on, or after so many reads."""

    keys = 10
    fails_at: ClassVar[int | None] = None
    changes: ClassVar[dict[str, str]] = {}
    sizes: ClassVar[dict[str, int]] = {}
    read_of: ClassVar[list[str]] = []
    listed: ClassVar[list[int]] = [0]

    def pages(self, prefix: str, *, versions: bool) -> Iterator[Sequence[StoredObject]]:
        del versions
        for start in range(0, self.keys, _PAGE):
            if self.fails_at is not None and start >= self.fails_at:
                raise BucketError("access denied")
            self.listed[0] = min(start + _PAGE, self.keys)
            yield [self._stored(f"{prefix}{number:07}") for number in range(start, min(start + _PAGE, self.keys))]

    def current(self, key: str) -> StoredObject:
        return self._stored(key)._replace(etag="new")

    def read(self, stored: StoredObject, start: int, length: int) -> bytes:
        self.read_of.append(stored.key)
        how = self.changes.get(stored.key)
        if how == "broken" or (how == "breaks" and start):
            raise BucketError("the connection broke")
        if stored.etag != "new" and how in {"gone", "changed"}:
            raise GoneError("no longer there") if how == "gone" else ChangedError("changed while it was read")
        return b"nothing"[start : start + length] if stored.size == _SIZE else bytes(min(length, stored.size - start))

    def close(self) -> None:
        pass

    def _stored(self, key: str) -> StoredObject:
        return StoredObject(key, self.sizes.get(key, _SIZE), f'"{key}"', _DAY)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> type[Store]:
    class Own(Store):
        changes: ClassVar[dict[str, str]] = {}
        read_of: ClassVar[list[str]] = []
        listed: ClassVar[list[int]] = [0]

    @contextmanager
    def opened(_address: BucketAddress) -> Iterator[Store]:
        yield Own()

    monkeypatch.setattr(source, "opened", opened)
    monkeypatch.setattr(unit, "opened", opened)
    return Own


def bucket(
    excluded: Callable[[bytes, bool], bool] = lambda _path, _is_directory: False, cache: ScanCache | None = None
) -> BucketSource:
    return BucketSource(Target("0", "bucket", "s3://leaks"), excluded, cache)


def scanned(bucket_source: BucketSource) -> ScanResult:
    result = ScanResult()
    bucket_source.load_cached("conditions")
    execute.read(bucket_source, _EXAMINER, result, 1, lambda _: None)
    return result


@pytest.mark.slow
def test_a_million_keys_are_listed_by_page(store: type[Store]) -> None:
    store.keys, planned = _MILLION, 0
    for one in bucket().plan():
        assert isinstance(one, BucketUnit)
        planned += len(one.objects)
        assert store.listed[0] - planned <= _PAGE + 256
    assert planned == _MILLION


def test_a_new_key_changes_one_unit(store: type[Store]) -> None:
    store.keys = 5000
    before = {planned for planned in bucket().plan() if isinstance(planned, BucketUnit)}
    store.keys = 5001
    after = {planned for planned in bucket().plan() if isinstance(planned, BucketUnit)}
    assert len(after) > 20
    assert len(after - before) == 1
    assert all(len(planned.objects) <= 256 for planned in after)


def test_a_listing_that_ends_early_is_a_skip(store: type[Store]) -> None:
    store.keys, store.fails_at = 5000, 2000
    planned = list(bucket().plan())
    assert sum(len(one.objects) for one in planned if isinstance(one, BucketUnit)) == 2000
    assert [one for one in planned if isinstance(one, Skipped)] == [
        Skipped("s3://leaks", "access denied; the listing ended after 2,000 objects")
    ]


def test_excluded_keys_are_counted(store: type[Store]) -> None:
    planned = Counter(type(one) for one in bucket(lambda path, _: path.endswith(b"5")).plan())
    assert store.keys == 10
    assert planned == {Excluded: 1, BucketUnit: 1}


def test_marks_change_with_an_etag(store: type[Store], monkeypatch: pytest.MonkeyPatch) -> None:
    target = Target("0", "bucket", "s3://leaks")
    before = marks(target)
    assert marks(target) == before
    monkeypatch.setattr(store, "_stored", lambda _self, key: StoredObject(key, 7, "other", _DAY))
    assert marks(target)[0] != before[0]


def test_what_vanishes_is_a_skip_and_what_changes_is_read_as_it_is_now(store: type[Store]) -> None:
    store.changes = {"0000003": "gone", "0000005": "changed"}
    (planned,) = bucket().plan()
    assert isinstance(planned, BucketUnit)
    items = list(planned.read())
    assert [item for item in items if isinstance(item, Skipped)] == [
        Skipped("0000003", "no longer there"),
        Skipped("0000005", "it has changed since it was listed"),
    ]
    assert store.read_of.count("0000005") == 2


def test_an_object_that_was_not_read_is_counted_when_it_is(store: type[Store], tmp_path: Path) -> None:
    """Of the others nothing is asked again, and nothing counts twice."""
    counts = []
    for changes in ({"0000003": "gone", "0000007": "broken"}, {"0000007": "broken"}, {}, {}):
        store.changes = changes
        store.read_of.clear()
        found = scanned(bucket(cache=ScanCache(str(tmp_path))))
        skips = [skip.item for skip in found.skipped]
        counts.append((found.counts["objects"], found.size, skips, sorted(store.read_of)))
    assert counts == [
        (8, 56, ["0000003", "0000007"], [f"{number:07}" for number in range(10)]),
        (9, 63, ["0000007"], ["0000003", "0000007"]),
        (10, 70, [], ["0000007"]),
        (10, 70, [], []),
    ]


def test_an_object_that_breaks_off_is_read_again(store: type[Store], tmp_path: Path) -> None:
    """With its whole size: what was counted of it is not kept."""
    store.keys, store.sizes = 2, {"0000001": 3 * BLOCK_BYTES}
    counts = []
    for changes in ({"0000001": "breaks"}, {}, {}):
        store.changes = changes
        found = scanned(bucket(cache=ScanCache(str(tmp_path))))
        counts.append((found.counts["objects"], found.size, len(found.skipped)))
    assert counts[0][2] == 1
    assert counts[1:] == [(2, 7 + 3 * BLOCK_BYTES, 0)] * 2


@pytest.mark.parametrize(
    ("etag", "id_"),
    [
        ('"d41d8cd98f00b204e9800998ecf8427e"', "d41d8cd98f00b204e9800998ecf8427e"),
        ('"d41d8cd98f00b204e9800998ecf8427e-12"', "d41d8cd98f00b204e9800998ecf8427e"),
        ('"0x8DC2A3B4"', "8dc2a3b4"),
        ("1700000000000001", "1700000000000001"),
        ("CPDAp7aA/+ACEAE=", "2ba0ac3cc7a3b3ac" + 48 * "."),
    ],
)
def test_ids_of_versions_are_hexadecimal(etag: str, id_: str) -> None:
    found = place._id(etag)
    assert len(found) == len(id_)
    if "." not in id_:
        assert found == id_


@pytest.mark.parametrize("word", ["s3://b/\n", "s3:///key", "s3://key@bucket", "http://bucket", "s3://-b"])
def test_what_is_no_address(word: str) -> None:
    with pytest.raises(UsageError):
        parse(word)


def test_addresses() -> None:
    for word in ("s3://bucket", "gs://bucket/a//b", "az://$web/index.html", "s3://bucket/50%?x#y"):
        assert parse(word).root == word
