"""Images in registries: of one name, of a whole repository, or of all that a registry lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import AkpatrolError
from akpatrol.model.scan import Skipped, Target
from akpatrol.sources.registry import catalogue, source
from akpatrol.sources.registry.address import KIND as IMAGES
from akpatrol.sources.registry.address import parse
from akpatrol.sources.registry.client import NotInRegistryError, RegistryError, opened
from akpatrol.sweep.signature import TargetSignature

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from akpatrol.sources.base import Source
    from akpatrol.sweep.target_kinds.base import Planned, ReadingTerms, TargetKind


class _Images(NamedTuple):
    """A registry, a repository or an image, by its address."""

    root: str

    def targets(self, first: Callable[[bytes | str], bool], number: Callable[[], str]) -> Iterator[Planned]:
        address = parse(self.root)
        if address.repository:
            if first(self.root):
                yield Target(number(), IMAGES, self.root)
            return
        listed = 0
        try:
            with opened(address.base) as client:
                for repository in catalogue.repositories(client):
                    listed += 1
                    root = address._replace(repository=repository).root
                    if first(root):
                        yield Target(number(), IMAGES, root)
        except RegistryError as error:
            yield Skipped(self.root, f"the registry does not list its repositories: {error}")
        else:
            if not listed:
                yield Skipped(self.root, "the registry lists no repositories")


class _Registries:
    """See ``TargetKind``."""

    def named(self, word: str, *, versions: bool) -> _Images:
        """Return the images."""
        del versions  # a repository is read with all its tags
        return _Images(parse(word).root)

    def look(self, target: Target, own_files: Collection[bytes]) -> TargetSignature:
        """Return a digest of the tags and of what they name."""
        del own_files
        try:
            return TargetSignature(*source.marks(target))
        except AkpatrolError:  # reading it will say why
            return TargetSignature(None, 0)

    def source(self, target: Target, terms: ReadingTerms) -> Source:
        """Return the source of its images."""
        return source.ImagesSource(target, terms.leaves_out(target.root), terms.cache)

    def exists(self, target: Target) -> bool:
        """Return whether the registry knows it."""
        address = parse(target.root)
        try:
            with opened(address.base) as client:
                for reference in source.references(client, address):
                    catalogue.digest_of(client, address.repository, reference)
                    return True
        except NotInRegistryError:
            return False
        except AkpatrolError:
            return True
        return False


KIND: TargetKind = _Registries()
