"""Read manifests and indexes of images, of OCI and of Docker. Pure: whatever a hostile registry sends.

https://github.com/opencontainers/image-spec/blob/main/manifest.md,
https://distribution.github.io/distribution/spec/manifest-v2-2/
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from akpatrol.sources.registry.address import is_digest

if TYPE_CHECKING:
    from collections.abc import Iterator

INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
ACCEPTED = ", ".join((*INDEXES, *MANIFESTS))
_FOREIGN = ("foreign", "nondistributable")
_MOST = 10_000
_SUMMARY = 200
_FIRST_YEAR = 2013  # of Docker


class ManifestError(Exception):
    """A document of a registry that is not one; the message is the reason."""


class BlobReference(NamedTuple):
    """A blob of an image: its digest, its size in bytes, its media type, and ``foreign`` if it lies elsewhere."""

    digest: str
    size: int
    media_type: str
    foreign: bool = False


class Manifest(NamedTuple):
    """An image: its configuration and its layers, the lowest first; or, for an index, the ``images`` in it."""

    configuration: BlobReference | None = None
    layers: tuple[BlobReference, ...] = ()
    images: tuple[BlobReference, ...] = ()


def parse(body: bytes) -> Manifest:
    """Return a manifest or an index. Raises ManifestError."""
    document = _document(body)
    kind = document.get("mediaType")
    if kind in INDEXES or (kind is None and "manifests" in document):
        return Manifest(images=tuple(_references(document.get("manifests"))))
    if kind in MANIFESTS or (kind is None and "layers" in document):
        configuration = document.get("config")
        return Manifest(
            _reference(configuration) if configuration is not None else None,
            tuple(_references(document.get("layers"))),
        )
    if document.get("schemaVersion") == 1:
        raise ManifestError("an image of Docker's old schema 1, which no longer has checked layers")
    raise ManifestError("neither a manifest nor an index of images")


class LayerHistory(NamedTuple):
    """When a layer was made, RFC 3339 in UTC or "" if that is not known, and by which instruction."""

    created: str
    instruction: str


def histories(configuration: bytes) -> tuple[LayerHistory, ...]:
    """Return the history of each layer, the lowest first; nothing where the configuration does not say.

    Raises ManifestError for a configuration that is no JSON object.
    """
    history = _document(configuration).get("history")
    entries = history if isinstance(history, list) else []
    return tuple(
        LayerHistory(_moment(_text(entry.get("created"))), _text(entry.get("created_by"))[:_SUMMARY])
        for entry in entries[:_MOST]
        if isinstance(entry, dict) and entry.get("empty_layer") is not True
    )


def names(body: bytes, key: str) -> tuple[str, ...]:
    """Return the texts in a list of tags or repositories. Raises ManifestError."""
    listed = _document(body).get(key)
    # A repository whose tags were all deleted has null.
    if listed is None:
        return ()
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise ManifestError(f"not a list of {key}")
    return tuple(listed)


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise ManifestError("not JSON") from None
    if not isinstance(document, dict):
        raise ManifestError("not a JSON object")
    return document


def _references(entries: Any) -> Iterator[BlobReference]:
    if not isinstance(entries, list) or len(entries) > _MOST:
        raise ManifestError("without a list of its parts, or with too many")
    for entry in entries:
        yield _reference(entry)


def _reference(entry: Any) -> BlobReference:
    if not isinstance(entry, dict):
        raise ManifestError("a part of it is no object")
    digest, size, kind = entry.get("digest"), entry.get("size"), _text(entry.get("mediaType"))
    if not isinstance(digest, str) or not is_digest(digest):
        raise ManifestError("a part of it has no digest that can be checked")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise ManifestError("a part of it has no size")
    return BlobReference(digest, size, kind, foreign=any(word in kind for word in _FOREIGN))


def _moment(text: str) -> str:
    """Return a time in UTC; those of reproducible builds are not times."""
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return ""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment.year >= _FIRST_YEAR else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
