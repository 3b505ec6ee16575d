"""Open files below a directory, wherever links that appeared meanwhile would lead."""

from __future__ import annotations

import os
from itertools import takewhile
from typing import Self

_MOST_OPEN = 64  # directories
# O_PATH asks for no permission to list, as opening by path does not.
_DIRECTORY = os.O_DIRECTORY | os.O_CLOEXEC | getattr(os, "O_PATH", 0)
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class FileOpener:
    """Opens files below ``root``. Since the walk, a name may have become a link, or a FIFO, which must not block.

    The directories above the last file stay open, because the next file is usually near it.
    """

    def __init__(self, root: bytes) -> None:
        self._root = root
        self._last: bytes | None = None  # the directory of the last file, with a slash
        self._names: list[bytes] = []
        self._handles: list[int] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._leave(0)

    def open(self, path: bytes) -> int:
        """Return a descriptor of the file at ``path``, where no part of the path is a symbolic link. Raises OSError."""
        start = path.rfind(b"/") + 1
        directory = path[:start]
        if directory != self._last:
            self._last = None
            self._enter(path.split(b"/")[:-1])
            self._last = directory
        return os.open(path[start:], _FILE, dir_fd=self._handles[-1])

    def _enter(self, names: list[bytes]) -> None:
        if not self._handles:
            self._handles.append(os.open(self._root, _DIRECTORY))
        shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(self._names, names, strict=False)))
        self._leave(shared + 1)
        for name in names[shared:]:
            below = os.open(name, _DIRECTORY | os.O_NOFOLLOW, dir_fd=self._handles[-1])
            if len(self._handles) < _MOST_OPEN:
                self._handles.append(below)
                self._names.append(name)
            else:  # a file without a name in this tree
                os.close(self._handles[-1])
                self._handles[-1], self._names[-1] = below, b""

    def _leave(self, depth: int) -> None:
        """Close all but the first directories, including the root."""
        del self._names[max(0, depth - 1) :]
        while len(self._handles) > depth:
            os.close(self._handles.pop())
