"""The places of objects: the object directory and its alternates.

https://git-scm.com/docs/gitrepository-layout, and ``link_alt_odb_entries`` in git's source for the fine print.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Protocol

from akpatrol.model.scan import Skipped
from akpatrol.sources.regular_file import opened, problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.sources.git.repository import Repository

FILE = os.path.join(b"info", b"alternates")
_DEEPEST = 5
_LONGEST_BYTES = 1 << 20
_ESCAPE = re.compile(rb'\\([abfnrtv"\\]|[0-3][0-7]{2})')
_ESCAPED = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"')


class HasObjects(Protocol):
    """A git with its repository and the variables that it was given."""

    @property
    def repository(self) -> Repository:
        """The repository."""

    def variable(self, name: str) -> str:
        """Return the value of one of git's environment variables, empty if it is not set."""


def directories(git: HasObjects) -> tuple[list[bytes], list[Skipped]]:
    """Return the object directories, the repository's own first, and skips for missing ones."""
    configured = git.variable("GIT_OBJECT_DIRECTORY")
    root = git.repository.root
    stores = [
        os.path.join(root, os.fsencode(configured))
        if configured
        else os.path.join(git.repository.common_dir, b"objects")
    ]
    skips: list[Skipped] = []
    known = {os.path.realpath(stores[0])}

    def follow(listed: bytes, separator: bytes, base: bytes, depth: int) -> None:
        for path in _entries(listed, separator):
            directory = os.path.join(base, path)
            if not _is_directory(directory):
                skips.append(Skipped("object database", f"alternate {os.fsdecode(directory)}: does not exist"))
                continue
            real = os.path.realpath(directory)
            if real in known:
                continue
            known.add(real)
            if depth > _DEEPEST:
                skips.append(Skipped("object database", f"alternate {os.fsdecode(directory)}: nested too deeply"))
            else:
                stores.append(directory)
                follow(_listed(directory, label(stores, directory), skips), b"\n", directory, depth + 1)

    follow(os.fsencode(git.variable("GIT_ALTERNATE_OBJECT_DIRECTORIES")), os.pathsep.encode(), root, 0)
    follow(_listed(stores[0], label(stores, stores[0]), skips), b"\n", stores[0], 1)
    return stores, skips


def label(stores: list[bytes], directory: bytes) -> str:
    """Return an object directory's name: ``objects`` for the repository's own, else its path."""
    return "objects" if directory == stores[0] else os.fsdecode(directory)


def written(paths: list[bytes]) -> bytes:
    """Return a list of absolute paths as an alternates file has it."""
    return b"".join(_quoted(path) + b"\n" for path in paths)


def _is_directory(path: bytes) -> bool:
    try:
        return os.path.isdir(path)
    except ValueError:  # a NUL
        return False


def _listed(directory: bytes, name: str, skips: list[Skipped]) -> bytes:
    """Return what an object directory lists as its alternates."""
    file = os.path.join(directory, FILE)
    if not os.path.lexists(file):
        return b""
    item = f"{name}/{os.fsdecode(FILE)}"
    try:
        with opened(file) as stream:
            content = stream.read(_LONGEST_BYTES + 1)
    except OSError as error:
        skips.append(Skipped(item, problem(file) or error.strerror or "cannot be opened"))
        return b""
    if len(content) > _LONGEST_BYTES:
        skips.append(Skipped(item, f"longer than {_LONGEST_BYTES >> 20} MiB"))
    elif not content.strip():
        skips.append(Skipped(item, "empty: remove it if no objects are borrowed"))
    return content[:_LONGEST_BYTES]


def _entries(listed: bytes, separator: bytes) -> Iterator[bytes]:
    """Yield the paths of a list; ``#`` starts a comment, and a path in double quotes is written as in C."""
    position = 0
    while position < len(listed):
        if quoted := _QUOTED.match(listed, position):
            position = quoted.end() + len(separator)
            yield _ESCAPE.sub(_unescaped, quoted[1])
            continue
        end = listed.find(separator, position)
        end = len(listed) if end < 0 else end
        path = listed[position:end]
        position = end + len(separator)
        if path and not path.startswith(b"#"):
            yield path


def _unescaped(escape: re.Match[bytes]) -> bytes:
    code = escape[1]
    return bytes([int(code, 8)]) if code[:1].isdigit() else _ESCAPED.get(code, code)


def _quoted(path: bytes) -> bytes:
    if b"\n" not in path:
        return path
    return b'"' + path.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'
