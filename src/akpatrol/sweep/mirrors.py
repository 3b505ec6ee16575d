"""The mirrors in the cache of clones: their paths, their locks, and whether they are complete.

``<host>/<path>-<hash of the address>.git`` is a mirror, ``.lock`` beside it its lock, ``.git.new`` one in the making,
``networks/<hash>`` the name of the mirror that a repository and its forks share objects with. A mirror is never
repacked and loses no object, because others may borrow from it.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from hashlib import sha256
from typing import TYPE_CHECKING

from akpatrol.kinds import PREFIXES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.sweep.urls import CloneAddress

_ODD = re.compile(r"[^A-Za-z0-9._-]+")
_SHAPED = re.compile(rf"({PREFIXES})[A-Za-z0-9._-]{{8,}}")
_LONGEST_PART = 80
_MOST_PARTS = 12
_ALTERNATES = ("objects", "info", "alternates")
_POLL_SECONDS = 0.1
_UNFINISHED = ".new"


def place(directory: str, url: str, address: CloneAddress) -> str:
    """Return the path of an address's mirror."""
    host = _part(f"{address.host}_{address.port}" if address.port else address.host)
    *parts, name = [_part(part) for part in address.path.removesuffix(".git").split("/") if part][-_MOST_PARTS:]
    # A path with a mirror's suffix could be inside a mirror.
    parts = [f"{part}_" if part.endswith(".git") else part for part in parts]
    return os.path.join(directory, host, *parts, f"{name}-{_digest(url)[:8]}.git")


def is_complete(mirror: str) -> bool:
    """Return whether the mirror exists, and the repositories that it borrows objects from."""
    if not all(os.path.exists(os.path.join(mirror, name)) for name in ("HEAD", "config", "objects", "refs")):
        return False
    objects = os.path.join(mirror, "objects")
    return all(os.path.isdir(os.path.join(objects, line)) for line in _alternates(mirror))


@contextmanager
def locked(mirror: str, patient: Callable[[], bool]) -> Iterator[int]:
    """Lock a mirror against this process and others; yields the descriptor of the lock.

    A git that inherits the descriptor holds the lock too, even if the sweep is killed. Waits while ``patient``; then
    raises TimeoutError. Raises OSError if the lock cannot be created.
    """
    handle = os.open(mirror.removesuffix(".git") + ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not patient():
                    raise TimeoutError from None
                time.sleep(_POLL_SECONDS)
        yield handle
    finally:
        os.close(handle)


def clear(mirror: str) -> None:
    """Remove the remains of a killed clone or fetch; the lock must be held."""
    shutil.rmtree(mirror + _UNFINISHED, ignore_errors=True)
    for directory, below, files in os.walk(mirror):
        if directory == mirror:
            below[:] = [name for name in below if name == "refs"]
        for name in files:
            # git refuses to continue when it finds the lock file of a killed process.
            if name.endswith(".lock"):
                _remove(os.path.join(directory, name))
    packs = os.path.join(mirror, "objects", "pack")
    for name in os.listdir(packs) if os.path.isdir(packs) else ():
        if name.startswith("tmp_"):
            _remove(os.path.join(packs, name))


def discard(mirror: str) -> None:
    """Remove an incomplete mirror."""
    shutil.rmtree(mirror, ignore_errors=True)


@contextmanager
def new(mirror: str) -> Iterator[str]:
    """Yield a directory that becomes the mirror at the end, and is removed if anything fails.

    The lock must be held, and ``clear`` have been called.
    """
    unfinished = mirror + _UNFINISHED
    os.mkdir(unfinished, 0o700)
    try:
        yield unfinished
        # Relative paths stay valid when the whole cache is moved.
        lines = [os.path.relpath(line, os.path.join(unfinished, "objects")) for line in _alternates(unfinished)]
        if lines:
            with open(
                os.path.join(unfinished, *_ALTERNATES), "w", encoding="utf-8", errors="surrogateescape"
            ) as stream:
                stream.writelines(f"{line}\n" for line in lines)
        os.rename(unfinished, mirror)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def alternate(directory: str, network: str) -> str | None:
    """Return the mirror that a network of forks borrows objects from, None when there is none yet."""
    try:
        with open(_register(directory, network), encoding="utf-8", errors="surrogateescape") as stream:
            mirror = os.path.join(directory, stream.read())
    except OSError:
        return None
    return mirror if is_complete(mirror) else None


def register(directory: str, network: str, mirror: str) -> None:
    """Let the network borrow objects from that mirror from now on."""
    file = _register(directory, network)
    os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", dir=os.path.dirname(file), delete=False, encoding="utf-8", errors="surrogateescape"
    ) as stream:
        stream.write(os.path.relpath(mirror, directory))
    os.replace(stream.name, file)


def _alternates(mirror: str) -> list[str]:
    try:
        with open(os.path.join(mirror, *_ALTERNATES), encoding="utf-8", errors="surrogateescape") as stream:
            return stream.read().splitlines()
    except OSError:
        return []


def _register(directory: str, network: str) -> str:
    return os.path.join(directory, "networks", _digest(network.removesuffix(".git").rstrip("/")))


def _remove(file: str) -> None:
    with suppress(OSError):
        os.unlink(file)


def _part(part: str) -> str:
    # An address may hold a credential, and names are shown, so the digest of the address identifies a mirror.
    name = _SHAPED.sub(r"\1", _ODD.sub("_", part)[:_LONGEST_PART])
    return f"_{name}" if name.startswith((".", "-")) or not name else name


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
