"""What forges hold beside code: resources of repositories, which the listing of an organization names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.errors import AkpatrolError, UsageError
from akpatrol.sources.forge import source
from akpatrol.sweep.signature import TargetSignature

if TYPE_CHECKING:
    from collections.abc import Collection

    from akpatrol.model.scan import Target
    from akpatrol.sources.base import Source
    from akpatrol.sweep.target_kinds.base import ReadingTerms, TargetKind, TargetNaming


class _Resources:
    """See ``TargetKind``."""

    def named(self, word: str, *, versions: bool) -> TargetNaming:
        """Raise UsageError: no word names one."""
        del word, versions
        raise UsageError("a resource of a forge is not a target", "give --github-org or --gitlab-group with --include")

    def look(self, target: Target, own_files: Collection[bytes]) -> TargetSignature:
        """Return a digest of what changed last, where a forge sorts by that; else each page tells."""
        del own_files
        try:
            return TargetSignature(source.marks(target), 0)
        except AkpatrolError:  # reading it will say why
            return TargetSignature(None, 0)

    def source(self, target: Target, terms: ReadingTerms) -> Source:
        """Return the source of its items."""
        return source.ForgeSource(target, terms.leaves_out(target.root), terms.cache)

    def exists(self, target: Target) -> bool:
        """Return True: a store does not say where to ask, and no token goes to where a store says."""
        del target
        return True


KIND: TargetKind = _Resources()
