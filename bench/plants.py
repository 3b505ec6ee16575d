"""Copies of repositories and trees with a known number of credentials planted in them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.credentials import organization_key, personal_access_token

if TYPE_CHECKING:
    from random import Random

_PAIRS = 12
_FILE = 4  # credentials in a file, and files that get a commit each


def make(rng: Random) -> list[str]:
    """Return as many organization keys as personal access tokens."""
    return [make(rng) for _ in range(_PAIRS) for make in (organization_key, personal_access_token)]


def digests(secret: str) -> set[str]:
    """Return what reports call a secret: itself or a digest of it."""
    data = secret.encode()
    return {secret, hashlib.sha256(data).hexdigest(), hashlib.sha1(data, usedforsecurity=False).hexdigest()}


def repository(source: Path, copy: Path, secrets: list[str]) -> None:
    """Copy a git directory as a bare one and commit the secrets to a branch that takes its first file out again."""
    git_dir = Path(_git(source, "rev-parse", "--absolute-git-dir").decode().strip())
    shutil.copytree(git_dir, copy, symlinks=True, ignore=lambda path, _: ["objects"] if path == str(git_dir) else [])
    # Only objects are linked: git never writes to one again, while it does to its other files.
    shutil.copytree(git_dir / "objects", copy / "objects", symlinks=True, copy_function=_link)
    if (copy / "objects/info/alternates").exists():
        raise SystemExit(f"{source.name}: borrows objects from another repository, so a copy is incomplete")
    _git(copy, "config", "core.bare", "true")
    _git(copy, "-c", "fastimport.unpackLimit=1", "fast-import", "--quiet", stream=_commits(secrets))


def tree(source: Path, copy: Path, secrets: list[str]) -> None:
    """Copy a directory and write the secrets into a few files of it."""
    shutil.copytree(source, copy, symlinks=True, copy_function=_link)
    for path, content in _files(secrets).items():
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        (copy / path).write_text(content)


def _link(source: str, copy: str) -> None:
    try:
        os.link(source, copy, follow_symlinks=False)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, copy, follow_symlinks=False)


def _files(secrets: list[str]) -> dict[str, str]:
    return {
        f"planted/service{start}/settings.py": "import os\n\n"
        + "".join(f'CREDENTIAL_{place} = "{secret}"\n' for place, secret in enumerate(secrets[start : start + _FILE]))
        for start in range(0, len(secrets), _FILE)
    }


def _commits(secrets: list[str]) -> bytes:
    """Return a stream for git fast-import: a root of its own, so that nothing of the copy need be read or touched."""
    files = _files(secrets)
    changes = [f"M 100644 inline {path}\ndata {len(content)}\n{content}" for path, content in files.items()]
    changes.append(f"D {next(iter(files))}")
    return "".join(
        f"commit refs/heads/planted\ncommitter Bench <bench@example.org> {1_700_000_000 + number} +0000\n"
        f"data 6\nChange\n{change}\n"
        for number, change in enumerate(changes)
    ).encode()


def _git(directory: Path, *arguments: str, stream: bytes = b"") -> bytes:
    return subprocess.run(["git", "-C", directory, *arguments], input=stream, check=True, capture_output=True).stdout
