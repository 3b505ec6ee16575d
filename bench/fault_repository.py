"""A small repository that has a part of every kind, with a credential of its own in each.

Small, since every byte of every file is going to be damaged once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from tests.credentials import organization_key, personal_access_token
from tests.repositories import Repository

if TYPE_CHECKING:
    from pathlib import Path

_SEED = 14
NAME = "repository"
LENDER = "lender"


class Plant(NamedTuple):
    """A credential: where it was put, and the files, from the top, that contain it as plain text."""

    what: str
    digest: str
    text: tuple[str, ...]
    reachable: bool = True


class Built(NamedTuple):
    """``files`` are those to damage, from the top; ``named`` has the names and ids of each for reports."""

    plants: tuple[Plant, ...]
    files: tuple[str, ...]
    named: dict[str, tuple[str, ...]]


class _Planter:
    def __init__(self) -> None:
        self._rng = Random(_SEED)
        self.secrets: dict[str, tuple[str, bool]] = {}

    def __call__(self, what: str, *, reachable: bool = True, token: bool = False) -> str:
        """Return a new credential, to be put somewhere."""
        secret = personal_access_token(self._rng) if token else organization_key(self._rng)
        self.secrets[what] = secret, reachable
        return f"ANYREACH_API_KEY={secret}"


def build(top: Path) -> Built:
    """Build it below an empty directory."""
    planted = _Planter()
    template = top / "template"
    template.mkdir()
    lender = Repository(top / LENDER, f"--template={template}")
    lender.commit_file("lent", planted("a borrowed object"))
    (lender.git_dir / "index").unlink()
    repo = Repository(top / NAME, f"--template={template}")
    repo.git("config", "core.logAllRefUpdates", "false")
    _packs(repo, planted)
    _borrow(repo)
    repo.git("branch", "lent", lender.id("main"))
    _loose(repo, planted)
    _texts(repo, planted)
    for path in (repo.git_dir / "ORIG_HEAD", repo.git_dir / "FETCH_HEAD", template):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for path in lender.path.iterdir():
        if path.name != ".git":
            path.unlink()
    return _described(top, repo, planted)


def _borrow(repo: Repository) -> None:
    (repo.git_dir / "objects/info").mkdir(exist_ok=True)
    # From the object directory, so that a copy of all borrows from the copy.
    (repo.git_dir / "objects/info/alternates").write_text(f"../../../{LENDER}/.git/objects\n")


def _packs(repo: Repository, planted: _Planter) -> None:
    """Three packs, one of them with a delta and a bitmap and one that nothing refers to."""
    lines = "".join(f"{number**3}\n" for number in range(30))
    repo.commit_file("packed", lines + planted("a pack"))
    repo.commit_file("packed", lines + planted("a delta"))
    repo.git("repack", "-q", "-a", "-d", "-b")  # no bitmap is written of what is borrowed in part
    repo.commit_file("second", planted("a second pack"))
    repo.git("repack", "-q", "-d")
    dangling = repo.blob(planted("a pack without a reference", reachable=False))
    repo.git("pack-objects", "-q", str(repo.git_dir / "objects/pack/pack"), stdin=dangling + "\n")
    repo.git("prune-packed", "-q")
    repo.git("multi-pack-index", "write")


def _loose(repo: Repository, planted: _Planter) -> None:
    """Objects of no pack: of a commit, a tag, a stash, the index and nothing."""
    repo.commit_file(planted("a file's name", token=True), "x", planted("a commit message"))
    repo.git("tag", "-a", "-m", planted("a tag's message"), "v1")
    repo.commit_file("loose", planted("a loose object"))
    repo.write("loose", planted("a stash"))
    repo.git("stash", "-q")
    repo.blob(planted("a dangling object", reachable=False))
    repo.write("staged", planted("a staged file", reachable=False))
    repo.git("add", "staged")


def _texts(repo: Repository, planted: _Planter) -> None:
    """Refs and their logs, and the files of a git directory that are text."""
    repo.git("branch", planted("a packed ref", token=True).partition("=")[2])
    repo.git("pack-refs", "--all")
    repo.git("branch", planted("a loose ref", token=True).partition("=")[2])
    repo.git("branch", "old", "HEAD~1")
    repo.git("update-ref", "--create-reflog", "-m", planted("a reflog"), "refs/heads/old", "HEAD")
    repo.git("config", "remote.origin.url", f"https://x:{planted('the configuration').partition('=')[2]}@example.org/")
    for name, what in (("COMMIT_EDITMSG", "a message"), ("hooks/pre-push", "a hook"), ("info/exclude", "a pattern")):
        file = repo.git_dir / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"# {planted(what)}\n")


def _described(top: Path, repo: Repository, planted: _Planter) -> Built:
    files = [path for path in (top / NAME / ".git", top / LENDER / ".git/objects") for path in path.rglob("*")]
    files = sorted(path for path in files if path.is_file())
    contents = {str(path.relative_to(top)): path.read_bytes() for path in files}
    plants = tuple(
        Plant(
            what,
            hashlib.sha256(secret.encode()).hexdigest(),
            tuple(name for name, content in contents.items() if secret.encode() in content or secret in name),
            reachable,
        )
        for what, (secret, reachable) in planted.secrets.items()
    )
    named = {str(path.relative_to(top)): _names(repo, path) for path in files}
    # Who borrows without saying so lacks objects.
    lent = [name for file, names in named.items() if file.startswith(LENDER) for name in names]
    named[f"{NAME}/.git/objects/info/alternates"] += (*lent, "alternate ")
    return Built(plants, tuple(contents), named)


def _names(repo: Repository, path: Path) -> tuple[str, ...]:
    """Return how a report may name a file: its name from the git directory, or the objects that it holds."""
    names = [os.fspath(path.relative_to(repo.git_dir))] if path.is_relative_to(repo.git_dir) else [os.fspath(path.name)]
    if path.parent.name == "pack" and path.name.startswith("pack-"):
        index = path.with_suffix(".idx")
        names += [path.with_suffix(".pack").name, index.name]
        listed = repo.git("show-index", stdin=index.read_bytes())
        names += [line.split(" ")[1] for line in listed.splitlines()]
    elif len(path.parent.name) == 2:  # noqa: PLR2004 - a fan-out directory
        names.append(path.parent.name + path.name)
    return tuple(names)
