"""The paths of archives' members, for which users' rules ask as gitleaks does (sources/file.go, ``FullPath``).

Inside akpatrol such a path is that of the file and those of the members down to the content, separated by NUL.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from akpatrol.model.scan import Origin

_SEPARATOR = b"\0"
SHOWN = "!"
"""Between the paths of an archive and of a member in gitleaks' reports and rules."""
_ARCHIVES = frozenset({"7z", "ar", "asar", "cab", "cpio", "iso", "rar", "tar", "xar", "zip"})
"""The forms whose labels are paths of files; of others they name a table, an object or a part."""


def member_names(containers: Iterable[str]) -> tuple[bytes, ...]:
    """Return the paths of the members of archives on the way to a content, the outermost first."""
    labels = (label.partition(":") for label in containers)
    return tuple(
        posixpath.normpath(name.replace("\0", " ")).encode("utf-8", "surrogatepass")
        for form, _, name in labels
        if name and form in _ARCHIVES
    )


def joined(path: bytes, names: Iterable[bytes]) -> bytes:
    """Return the path of a member, given that of the file and those of the members down to it."""
    return _SEPARATOR.join((path, *names))


def paths_in(paths: Sequence[bytes], containers: Sequence[str]) -> Sequence[bytes]:
    """Return the paths of a content, given those that its file has."""
    if not containers or not (names := member_names(containers)):
        return paths
    return [joined(path, names) for path in paths]


def path_of(origin: Origin) -> bytes | None:
    """Return the path of a content; None where that of its file is not known."""
    if origin.path is None or not origin.containers:
        return origin.path
    return joined(origin.path, member_names(origin.containers))


def spellings(path: bytes) -> Sequence[bytes]:
    """Return the paths that a rule may ask for: of a member each one on the way to it, and all in one."""
    if _SEPARATOR not in path:
        return (path,)
    return (*path.split(_SEPARATOR), shown(path))


def shown(path: bytes) -> bytes:
    """Return all in one path, as gitleaks writes it."""
    return path.replace(_SEPARATOR, SHOWN.encode())
