"""The listing of a bucket: by page, whatever its keys, and what changes its marks."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

import pytest

from akpatrol.errors import UsageError
from akpatrol.model.scan import Excluded, Skipped, Target
from akpatrol.sources.bucket import place, source, unit
from akpatrol.sources.bucket.address import parse
from akpatrol.sources.bucket.source import BucketSource, marks
from akpatrol.sources.bucket.store import BucketError, ChangedError, GoneError, StoredObject
from akpatrol.sources.bucket.unit import BucketUnit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.sources.bucket.address import BucketAddress

_MILLION = 1_000_000
_PAGE = 1000
_DAY = "2026-01-02T03:04:05Z"


class Store:
    """A bucket in memory, of so many keys; it fails from a key on, or after so many reads."""

    keys = 10
    fails_at: ClassVar[int | None] = None
    changes: ClassVar[dict[str, str]] = {}
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
        if stored.etag != "new" and (how := self.changes.get(stored.key)):
            raise GoneError("no longer there") if how == "gone" else ChangedError("changed while it was read")
        return b"nothing"[start : start + length]

    def close(self) -> None:
        pass

    def _stored(self, key: str) -> StoredObject:
        return StoredObject(key, 7, f'"{key}"', _DAY)


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


def bucket(excluded: Callable[[bytes, bool], bool] = lambda _path, _is_directory: False) -> BucketSource:
    return BucketSource(Target("0", "bucket", "s3://leaks"), excluded)


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
