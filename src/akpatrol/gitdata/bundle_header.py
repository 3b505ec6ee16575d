"""The header of a git bundle, which names refs and stands before a pack.

https://git-scm.com/docs/gitformat-bundle: a signature; in version 3 capabilities, ``@key=value``; prerequisites, ``-``
with an id and a comment; references, an id and a name; an empty line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

SIGNATURES = (b"# v2 git bundle\n", b"# v3 git bundle\n")
_LINE = re.compile(rb"-?([0-9a-f]{40}|[0-9a-f]{64})(?: (.*))?")
_ID_BYTES = {b"sha1": 20, b"sha256": 32}


class BundleHeader(NamedTuple):
    """The length of the ids in bytes, names of refs and comments, and what keeps objects out of the bundle.

    ``filter`` is that of a partial clone, empty without one. ``unknown`` has what this reader does not know.
    """

    id_bytes: int
    names: tuple[bytes, ...]
    prerequisites: int
    filter: bytes
    unknown: tuple[bytes, ...]


def parse(lines: Iterable[bytes]) -> BundleHeader:
    """Parse the lines after the signature, without their ends."""
    id_bytes, names, prerequisites, filter_, unknown = 20, [], 0, b"", []
    for line in lines:
        key, _, value = line.partition(b"=")
        if key == b"@object-format" and value in _ID_BYTES:
            id_bytes = _ID_BYTES[value]
        elif key == b"@filter":
            filter_ = value
        elif found := _LINE.fullmatch(line):
            prerequisites += line.startswith(b"-")
            names.append(found[2] or b"")
        else:
            unknown.append(line)
    return BundleHeader(id_bytes, tuple(filter(None, names)), prerequisites, filter_, tuple(unknown))
