"""What log services hold: the indices of Elasticsearch and OpenSearch, and CloudWatch's log groups, by patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import AkpatrolError
from akpatrol.model.scan import Skipped, Target
from akpatrol.sources.logs import source
from akpatrol.sources.logs.address import KIND as LOGS
from akpatrol.sources.logs.address import parse
from akpatrol.sources.logs.opening import check, opened
from akpatrol.sources.logs.service import LogError, NotInServiceError
from akpatrol.sweep.signature import TargetSignature

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from akpatrol.sources.base import Source
    from akpatrol.sweep.target_kinds.base import Planned, ReadingTerms, TargetKind


class _LogNames(NamedTuple):
    """The indices or log groups that a pattern means, by its address."""

    root: str

    def targets(self, first: Callable[[bytes | str], bool], number: Callable[[], str]) -> Iterator[Planned]:
        address, listed = parse(self.root), 0
        try:
            with opened(address) as service:
                for name in service.names(address.pattern):
                    listed += 1
                    if isinstance(name, Skipped):
                        yield name._replace(item=f"{address.base}/{name.item}")
                        continue
                    root = address._replace(pattern=name).root
                    if first(root):
                        yield Target(number(), LOGS, root)
        except LogError as error:
            yield Skipped(self.root, f"the service does not list what it holds: {error}")
        else:
            if not listed:
                yield Skipped(self.root, "the service holds nothing of that name")


class _Logs:
    """See ``TargetKind``."""

    def named(self, word: str, *, versions: bool) -> _LogNames:
        """Return the indices or log groups. Raises UsageError without the package that reads them."""
        del versions  # an earlier version of a document is gone
        address = parse(word)
        check(address)
        return _LogNames(address.root)

    def look(self, target: Target, own_files: Collection[bytes]) -> TargetSignature:
        """Return a digest of what changes with each document."""
        del own_files
        try:
            return TargetSignature(*source.mark(target))
        except AkpatrolError:  # reading it will say why
            return TargetSignature(None, 0)

    def source(self, target: Target, terms: ReadingTerms) -> Source:
        """Return the source of its documents."""
        return source.LogSource(target, terms.leaves_out(target.root), terms.cache)

    def exists(self, target: Target) -> bool:
        """Return whether it is still there."""
        try:
            source.mark(target)
        except NotInServiceError:
            return False
        except AkpatrolError:
            return True
        return True


KIND: TargetKind = _Logs()
