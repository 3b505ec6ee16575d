"""What a registry lists: its repositories, their tags, and the manifests that these name."""

from __future__ import annotations

from hashlib import new
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.sources.registry import manifests
from akpatrol.sources.registry.address import is_digest, is_repository, is_tag
from akpatrol.sources.registry.client import RegistryError
from akpatrol.sources.registry.manifests import ManifestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.sources.registry.client import RegistryClient
    from akpatrol.sources.registry.manifests import Manifest

_DEEPEST = 4
_MOST_IMAGES = 10_000  # of one reference


class FoundImage(NamedTuple):
    """An image: the digest of its ``manifest``, which may be one of several of an index."""

    digest: str
    manifest: Manifest


def repositories(client: RegistryClient) -> Iterator[str]:
    """Yield the repositories of a registry. Raises RegistryError."""
    yield from _names(client, "/v2/_catalog", "repositories", is_repository)


def tags(client: RegistryClient, repository: str) -> Iterator[str]:
    """Yield the tags of a repository. Raises RegistryError."""
    yield from _names(client, f"/v2/{repository}/tags/list", "tags", is_tag)


def digest_of(client: RegistryClient, repository: str, reference: str) -> str:
    """Return the digest that a tag names now, without its manifest. Raises RegistryError."""
    path = f"/v2/{repository}/manifests/{reference}"
    digest = client.document("HEAD", path, manifests.ACCEPTED).headers.get("docker-content-digest", "")
    if is_digest(digest):
        return digest
    return _checked(client, repository, reference)[0]


def images(client: RegistryClient, repository: str, reference: str) -> Iterator[FoundImage | str]:
    """Yield the images that a reference names, for each platform one; a text is why one cannot be read.

    Raises RegistryError for the reference itself.
    """
    for number, image in enumerate(_found(client, repository, reference, frozenset())):
        if number == _MOST_IMAGES:
            yield f"an index of more than {_MOST_IMAGES:,} images, of which the others are not read"
            return
        yield image


def _found(
    client: RegistryClient, repository: str, reference: str, above: frozenset[str]
) -> Iterator[FoundImage | str]:
    digest, body = _checked(client, repository, reference)
    try:
        manifest = manifests.parse(body)
    except ManifestError as error:
        raise RegistryError(str(error)) from None
    if not manifest.images:
        yield FoundImage(digest, manifest)
    for image in manifest.images:
        if image.digest in above or len(above) >= _DEEPEST:
            yield f"{image.digest}: an index that holds itself, or too many others"
            continue
        try:
            yield from _found(client, repository, image.digest, above | {digest})
        except RegistryError as error:
            yield f"{image.digest}: {error}"


def _checked(client: RegistryClient, repository: str, reference: str) -> tuple[str, bytes]:
    """Return a manifest with its digest, which is that of the reference if that is one. Raises RegistryError."""
    body = client.document("GET", f"/v2/{repository}/manifests/{reference}", manifests.ACCEPTED).body
    algorithm = reference.partition(":")[0] if is_digest(reference) else "sha256"
    digest = f"{algorithm}:{new(algorithm, body).hexdigest()}"
    if is_digest(reference) and digest != reference:
        raise RegistryError("its bytes are not those of its digest")
    return digest, body


def _names(client: RegistryClient, path: str, key: str, is_name: Callable[[str], bool]) -> Iterator[str]:
    for page in client.names(path):
        try:
            listed = manifests.names(page, key)
        except ManifestError as error:
            raise RegistryError(f"the registry does not answer like one: {error}") from None
        for name in listed:
            if not is_name(name):
                raise RegistryError(f"the registry lists {key} with names that cannot be asked for")
            yield name
