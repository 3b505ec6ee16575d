"""Addresses of images: ``oci://host/repository:tag``, ``oci://host/repository`` and ``oci://host``. Pure.

Names, tags and digests: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
"""

from __future__ import annotations

import re
from typing import NamedTuple

from akpatrol.errors import UsageError

SCHEMES = ("oci", "oci+http")
KIND = "images"
_HINT = "give oci://host/repository:tag, oci://host/repository for all its tags, or oci://host for all repositories"
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_LONGEST = 255


class ImageAddress(NamedTuple):
    """A registry; a ``repository`` of it or ""; a ``reference``, which is a tag or a digest, or ""."""

    scheme: str
    host: str
    repository: str = ""
    reference: str = ""

    @property
    def base(self) -> str:
        """The address of the registry."""
        return f"{self.scheme}://{self.host}"

    @property
    def root(self) -> str:
        """The address of all."""
        if not self.repository:
            return self.base
        mark = ("@" if is_digest(self.reference) else ":") if self.reference else ""
        return f"{self.base}/{self.repository}{mark}{self.reference}"


def parse(word: str) -> ImageAddress:
    """Return the parts of an address. Raises UsageError, whose message shows no password."""
    scheme, _, rest = word.partition("://")
    host, _, name = rest.partition("/")
    if "@" in host:
        raise UsageError(
            f"{scheme}://: an address holds no user and no password",
            "leave it out: credentials come from the environment or from ~/.docker/config.json",
        )
    name, at, reference = name.partition("@")
    if not at:
        name, _, reference = name.partition(":")
    address = ImageAddress(scheme, host.lower(), name.rstrip("/"), reference)
    is_reference = is_digest(reference) if at else is_tag(reference) or not reference
    is_name = is_repository(address.repository) or not (address.repository or at or reference)
    if scheme not in SCHEMES or not _HOST.fullmatch(host) or not is_name or not is_reference:
        raise UsageError(f"not the address of an image: {word!r}", _HINT)
    return address


def is_repository(name: str) -> bool:
    """Return whether this can be the name of a repository."""
    return len(name) <= _LONGEST and _REPOSITORY.fullmatch(name) is not None


def is_tag(name: str) -> bool:
    """Return whether this can be a tag."""
    return _TAG.fullmatch(name) is not None


def is_digest(text: str) -> bool:
    """Return whether this is a digest that can be checked."""
    return _DIGEST.fullmatch(text) is not None
