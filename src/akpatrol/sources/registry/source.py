"""The images of a repository as a source: each blob once, however many images share it."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.cache import scan_counts
from akpatrol.model.scan import Counted, Excluded, Exclusion, Skipped, State
from akpatrol.sources.base import OneTarget, RescanUnit
from akpatrol.sources.occurrence import occurrence
from akpatrol.sources.registry import catalogue, manifests
from akpatrol.sources.registry.address import is_digest, parse
from akpatrol.sources.registry.client import RegistryError, opened
from akpatrol.sources.registry.manifests import ManifestError
from akpatrol.sources.registry.unit import CACHED, CONFIGURATION, LAYER, BlobUnit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.cache.scan_cache import ScanCache
    from akpatrol.model.credential import Commit, RawFinding
    from akpatrol.model.scan import Target
    from akpatrol.scan.result import ScanResult
    from akpatrol.sources.base import Placed, Planned, Unit
    from akpatrol.sources.registry.address import ImageAddress
    from akpatrol.sources.registry.catalogue import FoundImage
    from akpatrol.sources.registry.client import RegistryClient
    from akpatrol.sources.registry.manifests import BlobReference, LayerHistory

    Matcher = Callable[[bytes, bool], bool]

# Of a tag in a repository: how many it has is known only once all manifests are read.
_IMAGE_BYTES = 16 << 20
_MOST_PLACES = 101  # one more than a report lists, which then says that there are more


class _Use(NamedTuple):
    """Where a blob is used: the image by name, the layer's number, and the configuration that tells of it."""

    image: str
    layer: int
    digest: str
    configuration: BlobReference | None


class ImagesSource(OneTarget):
    """The images of a repository, or one of them. ``excluded`` says which images are left out, by name and tag."""

    parallel = True

    def __init__(self, target: Target, excluded: Matcher, cache: ScanCache | None = None) -> None:
        super().__init__(target)
        self._address = parse(target.root)
        self._excluded = excluded
        self._cache = cache
        self._conditions = ""
        self._uses: dict[str, list[_Use]] = {}

    def plan(self) -> Iterator[Planned]:
        """Yield each blob once; those that are cached with their counts alone."""
        try:
            with opened(self._address.base) as client:
                for reference in references(client, self._address):
                    yield from self._reference(client, reference)
        except RegistryError as error:
            yield Skipped(self._target.root, str(error))

    def _reference(self, client: RegistryClient, reference: str) -> Iterator[Planned]:
        name = f"{self._address.repository}{'@' if is_digest(reference) else ':'}{reference}"
        if self._excluded(name.encode(), False):  # noqa: FBT003 - a callable's argument
            yield Excluded(Exclusion.EXCLUDE_OPTION)
            return
        try:
            for image in catalogue.images(client, self._address.repository, reference):
                if isinstance(image, str):
                    yield Skipped(name, image)
                else:
                    yield from self._image(name, image)
        except RegistryError as error:
            yield Skipped(name, str(error))

    def _image(self, name: str, image: FoundImage) -> Iterator[Planned]:
        yield Counted("images")
        shown = name if is_digest(name.rpartition("@")[2]) else f"{name}@{image.digest}"
        configuration, layers, _ = image.manifest
        if configuration:
            yield from self._blob(CONFIGURATION, configuration, _Use(shown, -1, image.digest, configuration))
        for number, layer in enumerate(layers):
            yield from self._blob(LAYER, layer, _Use(shown, number, image.digest, configuration))

    def _blob(self, part: str, blob: BlobReference, use: _Use) -> Iterator[Planned]:
        unit = BlobUnit(self._target.id, self._address.base, self._address.repository, part, blob)
        if uses := self._uses.get(unit.title):
            if len(uses) < _MOST_PLACES:
                uses.append(use)
            return
        self._uses[unit.title] = [use]
        value = self._cache.get(self._conditions, CACHED, unit.title) if self._cache else None
        counts = scan_counts.parse(value)
        if counts is None:
            yield unit
            return
        yield from counts
        if value is None or value.get("again") is not False:
            yield RescanUnit(unit)

    def place(self, findings: Sequence[RawFinding]) -> Iterator[Placed]:
        """Yield each raw finding in the first image that has its blob, with the names of the others."""
        histories: dict[str, tuple[LayerHistory, ...]] = {}
        for finding in findings:
            title = (finding.origin.path or b"").decode()
            uses = self._uses[title]
            paths = tuple(use.image.encode() for use in uses)
            yield (
                finding.match,
                occurrence(finding, State.WORKTREE)._replace(
                    path=paths[0],
                    paths=paths,
                    containers=(title, *finding.origin.containers),
                    introduced=self._introduced(uses[0], histories),
                ),
            )

    def _introduced(self, use: _Use, known: dict[str, tuple[LayerHistory, ...]]) -> Commit | None:
        """Return when a layer was made and by which instruction, as its image says."""
        from akpatrol.model.credential import Commit  # noqa: PLC0415 - most runs have no finding

        if not use.configuration:
            return None
        digest = use.configuration.digest
        if digest not in known:
            known[digest] = self._histories(use.configuration)
        history = known[digest][use.layer] if -len(known[digest]) <= use.layer < len(known[digest]) else None
        if not history or not history.created:
            return None
        instruction = history.instruction if use.layer >= 0 else ""
        return Commit(use.digest.partition(":")[2][:64], history.created, summary=instruction)

    def _histories(self, configuration: BlobReference) -> tuple[LayerHistory, ...]:
        path = f"/v2/{self._address.repository}/blobs/{configuration.digest}"
        try:
            with opened(self._address.base) as client:
                return manifests.histories(client.document("GET", path).body)
        except (RegistryError, ManifestError):
            return ()

    def load_cached(self, conditions: str) -> None:
        """Receive the conditions, besides the bytes, that determine the findings."""
        self._conditions = conditions

    def record(self, unit: Unit, read: ScanResult) -> None:
        """Store a blob's result at once: other targets share it, and a run that is killed goes on behind it."""
        if self._cache and isinstance(unit, BlobUnit) and (entry := unit.kept(read)):
            self._cache.put(self._conditions, entry.kind, {entry.key: entry.value})

    def store_cached(self) -> None:
        """Do nothing: all is stored."""


def references(client: RegistryClient, address: ImageAddress) -> Iterator[str]:
    """Yield the tags of a repository, or the one reference that was asked for. Raises RegistryError."""
    if address.reference:
        yield address.reference
    else:
        yield from catalogue.tags(client, address.repository)


def marks(target: Target) -> tuple[str, int]:
    """Return a digest of all tags and of what they name now, and about how many bytes that is. Raises RegistryError."""
    address, digest, number = parse(target.root), sha256(), 0
    with opened(address.base) as client:
        for reference in references(client, address):
            number += 1
            is_own = is_digest(reference)
            named = reference if is_own else catalogue.digest_of(client, address.repository, reference)
            digest.update(f"{reference} {named}\n".encode())
        size = _size(client, address) if address.reference else number * _IMAGE_BYTES
    return digest.hexdigest(), size


def _size(client: RegistryClient, address: ImageAddress) -> int:
    """Return how many bytes the blobs of one reference have, as its manifests say."""
    sizes: dict[str, int] = {}
    try:
        for image in catalogue.images(client, address.repository, address.reference):
            if not isinstance(image, str):
                sizes |= {blob.digest: blob.size for blob in image.manifest.layers}
    except RegistryError:  # reading it will say why
        return _IMAGE_BYTES
    return sum(sizes.values())
