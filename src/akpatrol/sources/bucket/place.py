"""Name the version of an object that a finding is in: its ETag or version, and since when it is there. Pure."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

from akpatrol.model.scan import State
from akpatrol.sources.occurrence import occurrence

if TYPE_CHECKING:
    from akpatrol.model.credential import Commit, Occurrence, RawFinding

_HEX = re.compile(r"(?:0x)?([0-9a-f]{4,64})(?:-\d+)?")


def placed(finding: RawFinding) -> Occurrence:
    """Return a raw finding as in an object that is there now.

    An object's version takes the place of the commit that introduced a finding: it is known by its ETag, and has been
    there since it was last modified.
    """
    etag, version, modified = (finding.origin.object or "\n\n").split("\n")
    introduced = _version(etag, version, modified) if modified else None
    return occurrence(finding, State.WORKTREE)._replace(object=None, introduced=introduced)


def _version(etag: str, version: str, modified: str) -> Commit:
    from akpatrol.model.credential import Commit  # noqa: PLC0415 - most runs have no finding

    words = [f"version {version}"] if version else []
    words += [f"ETag {etag}"] if etag else []
    return Commit(_id(etag or version), modified, summary=", ".join(words))


def _id(etag: str) -> str:
    """Return an ETag as a report's ids are, in hexadecimal: one that is not is hashed."""
    parts = _HEX.fullmatch(etag.strip('"').lower())
    return parts[1] if parts else sha256(etag.encode("utf-8", "surrogatepass")).hexdigest()
