"""Buckets of object stores."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import AkpatrolError
from akpatrol.model.scan import Target
from akpatrol.sources.bucket import source, store
from akpatrol.sources.bucket.address import KIND as AS_NOW
from akpatrol.sources.bucket.address import VERSIONS_KIND, parse
from akpatrol.sweep.signature import TargetSignature

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from akpatrol.sources.base import Source
    from akpatrol.sweep.target_kinds.base import Planned, ReadingTerms, TargetKind


class _Bucket(NamedTuple):
    """A bucket, or the part of it with a prefix."""

    kind: str
    root: str

    def targets(self, first: Callable[[bytes | str], bool], number: Callable[[], str]) -> Iterator[Planned]:
        if first(f"{self.kind} {self.root}"):
            yield Target(number(), self.kind, self.root)


class _Buckets:
    """See ``TargetKind``."""

    def named(self, word: str, *, versions: bool) -> _Bucket:
        """Return the bucket. Raises UsageError without the packages that read it."""
        address = parse(word)
        store.check(address)
        return _Bucket(VERSIONS_KIND if versions else AS_NOW, address.root)

    def look(self, target: Target, own_files: Collection[bytes]) -> TargetSignature:
        """Return a digest of the listing."""
        del own_files
        try:
            return TargetSignature(*source.marks(target))
        except AkpatrolError:  # reading it will say why
            return TargetSignature(None, 0)

    def source(self, target: Target, terms: ReadingTerms) -> Source:
        """Return the source of its objects."""
        return source.BucketSource(target, terms.leaves_out(target.root), terms.cache)

    def exists(self, target: Target) -> bool:
        """Return whether there is such a bucket."""
        address = parse(target.root)
        try:
            with store.opened(address) as bucket:
                next(iter(bucket.pages(address.prefix, versions=False)), None)
        except store.GoneError:
            return False
        except AkpatrolError:
            return True
        return True


KIND: TargetKind = _Buckets()
