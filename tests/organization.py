"""An organization on disk: repositories of every kind, with credentials planted in several of them.

The same seed makes the same bytes. Repositories are copies of an empty one that git fast-import fills, which makes two
hundred of them in a few seconds (https://git-scm.com/docs/git-fast-import).
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.credentials import organization_key, personal_access_token
from tests.repositories import damage, environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_EPOCH = 1_704_067_200
_KINDS = ("bare", "work tree", "bare")
_SHARED = 8
_WORDS = 3000
_BLOB_WORDS = 120


class Place(NamedTuple):
    """The location of a credential, as a report must show it; ``target`` is relative to the organization, "" itself."""

    secret: str
    target: str
    place: str
    path: str | None
    state: str
    introduced: str | None


class Organization(NamedTuple):
    """What was made: ``places`` are all there are, ``gaps`` the targets that cannot be fully read."""

    root: Path
    places: frozenset[Place]
    gaps: frozenset[str]
    repositories: tuple[str, ...]

    @property
    def secrets(self) -> frozenset[str]:
        """All credentials."""
        return frozenset(place.secret for place in self.places)

    @property
    def expected(self) -> frozenset[tuple[str, str, str, str | None, str, str | None]]:
        """What ``found`` returns for a report that is complete and right."""
        return frozenset((hashlib.sha256(one.secret.encode()).hexdigest(), *one[1:]) for one in self.places)

    def found(self, report: Mapping[str, Any]) -> frozenset[tuple[str, str, str, str | None, str, str | None]]:
        """Return the places in a JSON report, each with the masked credential's digest for the secret."""
        names = {target["id"]: self.name(target["path"]) for target in report["scan"]["targets"]}
        return frozenset(
            (
                credential["secret_sha256"],
                names[one["target"]],
                one["place"],
                one["path"],
                one["state"],
                one["introduced"] and one["introduced"]["id"],
            )
            for credential in report["credentials"]
            for one in credential["occurrences"]
        )

    def name(self, path: str) -> str:
        """Return a target's path as places call it."""
        return path.removeprefix(str(self.root.resolve())).removeprefix("/")


class _History:
    """What git fast-import is fed; the ids of commits come back in the order of the commits."""

    def __init__(self, rng: Random, words: list[str]) -> None:
        self._rng = rng
        self._words = words
        self._lines: list[str] = []
        self._commits = 0

    def text(self, words: int = _BLOB_WORDS) -> str:
        """Return a text without anything in it."""
        return " ".join(self._rng.choices(self._words, k=words)) + "\n"

    def commit(self, files: Mapping[str, str | None], message: str = "Change", start: str = "") -> int:
        """Add a commit with files, None for one that is removed, and return its index."""
        self._commits += 1
        moment = f"Ada Author <ada@example.org> {_EPOCH + 3600 * self._commits} +0000"
        self._lines.append(f"commit refs/heads/main\nmark :{self._commits}\ncommitter {moment}\n{_data(message)}")
        if start:
            self._lines.append(f"from {start}\n")
        for path, content in files.items():
            self._lines.append(f"D {path}\n" if content is None else f"M 100644 inline {path}\n{_data(content)}")
        self._lines.append(f"\nget-mark :{self._commits}\n")
        return self._commits - 1

    def write(self, git_dir: Path) -> list[str]:
        """Write everything into a repository, as one pack, and return the ids of the commits."""
        stream = "".join(self._lines).encode()
        return _git(git_dir, "-c", "fastimport.unpackLimit=1", "fast-import", "--quiet", stdin=stream).split()


class _Maker:
    def __init__(self, root: Path, seed: str) -> None:
        self.root = root
        self.places: list[Place] = []
        self.gaps: set[str] = set()
        self.repositories: list[str] = []
        self._seed = seed
        rng = Random(seed)
        self.words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(3, 9))) for _ in range(_WORDS)]
        makers = (organization_key, organization_key, organization_key, personal_access_token)
        self.shared = [makers[number % len(makers)](rng) for number in range(_SHARED)]
        self.rng = rng
        self._skeletons = {format_: root.parent / f"{root.name}-{format_}" for format_ in ("sha1", "sha256")}
        for format_, skeleton in self._skeletons.items():
            command = ("init", "-q", "--template=", "-b", "main", "--bare", f"--object-format={format_}", str(skeleton))
            _git(root.parent, *command, git_dir=False)

    def close(self) -> None:
        for skeleton in self._skeletons.values():
            shutil.rmtree(skeleton)

    def history(self, name: str) -> _History:
        return _History(Random(f"{self._seed} {name}"), self.words)

    def new(self, name: str, *, bare: bool = True, format_: str = "sha1") -> Path:
        """Make an empty repository and return its git directory."""
        git_dir = self.root / name if bare else self.root / name / ".git"
        shutil.copytree(self._skeletons[format_], git_dir)
        if not bare:
            config = git_dir / "config"
            config.write_text(config.read_text().replace("bare = true", "bare = false"))
        self.repositories.append(name)
        return git_dir

    def told(self, secret: str, target: str, place: str, path: str | None, state: str, introduced: str | None) -> None:
        self.places.append(Place(secret, target, place, path, state, introduced))

    def ordinary(self, number: int) -> None:
        """Make a repository with up to three credentials, which others have too: there, removed, in a message."""
        name = f"team{number % 7}/project{number:03}"
        git_dir = self.new(name, bare=_KINDS[number % 3] == "bare")
        history, shared = self.history(name), self.shared
        present, removed, told = shared[number % 8], shared[(number + 3) % 8], shared[(number * 5 + 1) % 8]
        has_present, has_removed, has_told = number % 2 == 0, number % 3 == 0, number % 5 == 0
        settings = f"KEY = '{present}'\n" if has_present else "KEY = os.environ['KEY']\n"
        history.commit({"README": history.text(), "docs/guide.md": history.text()})
        history.commit({"src/settings.py": settings, "old.env": f"A={removed}\n" if has_removed else "A=\n"})
        history.commit({"src/main.py": history.text(), "old.env": None})
        history.commit({"README": history.text()}, f"Rotate {told}" if has_told else "Rotate")
        for _ in range(3):
            history.commit({"README": history.text(), "docs/guide.md": history.text()})
        ids = history.write(git_dir)
        if has_present:
            self.told(present, name, "content", "src/settings.py", "present", ids[1])
        if has_removed:
            self.told(removed, name, "content", "old.env", "removed", ids[1])
        if has_told:
            self.told(told, name, "commit_message", None, "present", ids[3])

    def fork(self, number: int, of: str) -> None:
        """Make a repository that borrows the objects of another, with a commit of its own."""
        name = f"forks/fork{number:02}"
        git_dir, lender = self.new(name), self._git_dir(of)
        (git_dir / "objects" / "info").mkdir(exist_ok=True)
        (git_dir / "objects" / "info" / "alternates").write_text(f"{lender / 'objects'}\n")
        before = _git(lender, "rev-parse", "main").strip()
        history, secret = self.history(name), self.shared[number % 8]
        history.commit({"fork.env": f"FORK={secret}\n"}, start=before)
        (own,) = history.write(git_dir)
        inherited = [place for place in self.places if place.target == of]
        self.places += [place._replace(target=name) for place in inherited]
        self.told(secret, name, "content", "fork.env", "present", own)

    def _git_dir(self, name: str) -> Path:
        return self.root / name / ".git" if (self.root / name / ".git").exists() else self.root / name

    def broken(self) -> None:
        """Make a repository whose first pack is damaged; the content of the second can be found."""
        git_dir, first, second = self.new("odd/broken"), self.history("odd/broken"), self.history("odd/broken too")
        for _ in range(4):
            first.commit({"README": first.text(), "a": first.text()})
        before = first.write(git_dir)[-1]
        (pack,) = (git_dir / "objects" / "pack").glob("*.pack")
        second.commit({"late.env": f"KEY={self.shared[0]}\n"}, start=before)
        (late,) = second.write(git_dir)
        content = pack.read_bytes()
        half = len(content) // 2
        damage(pack, content[:half] + bytes(len(content) - half))
        self.told(self.shared[0], "odd/broken", "content", "late.env", "present", late)
        self.gaps.add("odd/broken")

    def huge(self, size: int) -> None:
        """Make a repository of at least so many bytes as stored, with a credential at each end of its history."""
        git_dir, history, rng = self.new("odd/huge"), self.history("odd/huge"), Random(f"{self._seed} huge")
        first, last = organization_key(self.rng), self.shared[1]
        history.commit({"first.env": f"KEY={first}\n"})
        for number in range(1 + size // 60_000):
            history.commit({f"data/{number:04}.hex": rng.randbytes(60_000).hex()})
        history.commit({"last.env": f"KEY={last}\n"})
        ids = history.write(git_dir)
        self.told(first, "odd/huge", "content", "first.env", "present", ids[0])
        self.told(last, "odd/huge", "content", "last.env", "present", ids[-1])

    def sha256(self) -> None:
        git_dir, history = self.new("odd/sha256", format_="sha256"), self.history("odd/sha256")
        history.commit({"README": history.text()})
        history.commit({"key.env": f"KEY={self.shared[2]}\n"})
        self.told(self.shared[2], "odd/sha256", "content", "key.env", "present", history.write(git_dir)[1])

    def shallow(self) -> None:
        """Make a repository of which only the last commit is there."""
        git_dir, history = self.new("odd/shallow"), self.history("odd/shallow")
        history.commit({"README": history.text()})
        history.commit({"key.env": f"KEY={self.shared[3]}\n"})
        _, last = history.write(git_dir)
        shallow = self.root / "odd" / "cut"
        _git(self.root, "clone", "-q", "--bare", "--depth=1", f"file://{git_dir}", str(shallow), git_dir=False)
        shutil.rmtree(git_dir)
        shallow.rename(git_dir)
        self.told(self.shared[3], "odd/shallow", "content", "key.env", "present", last)
        self.gaps.add("odd/shallow")

    def nested(self) -> None:
        """Make a repository with a work tree in which there is another, and a file that git does not know."""
        outer, inner = "odd/outer", "odd/outer/vendor/inner"
        untracked, committed = organization_key(self.rng), self.shared[4]
        for name, secret in ((outer, self.shared[5]), (inner, committed)):
            git_dir, history = self.new(name, bare=False), self.history(name)
            history.commit({"key.env": f"KEY={secret}\n"})
            (id_,) = history.write(git_dir)
            _git(self.root / name, "reset", "-q", "--hard", git_dir=False)
            self.told(secret, name, "content", "key.env", "present", id_)
            self.told(secret, "", "content", f"{name}/key.env", "worktree", None)
        (self.root / outer / ".env").write_text(f"KEY={untracked}\n")
        self.told(untracked, "", "content", f"{outer}/.env", "worktree", None)

    def files(self) -> None:
        """Write logs and an archive that are in no repository."""
        logs, archived = self.root / "logs", self.shared[6]
        logs.mkdir()
        (logs / "access.log").write_text(f"GET / Authorization: Bearer {self.shared[7]}\n" * 3)
        content = f"KEY={archived}\n".encode()
        with tarfile.open(logs / "backup.tar.gz", "w:gz") as archive:
            member = tarfile.TarInfo("home/.env")
            member.size = len(content)
            archive.addfile(member, BytesIO(content))
        self.told(self.shared[7], "", "content", "logs/access.log", "worktree", None)
        self.told(archived, "", "content", "logs/backup.tar.gz", "worktree", None)


def make(root: Path, repositories: int, seed: str = "organization", huge: int = 300_000) -> Organization:
    """Make an organization of so many repositories, at least twelve, one of them of ``huge`` bytes as stored."""
    root.mkdir(parents=True)
    maker = _Maker(root, seed)
    forks = max(2, repositories // 20)
    ordinary = repositories - forks - 7
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(maker.ordinary, range(ordinary)))
        names = sorted(maker.repositories)
        list(threads.map(lambda number: maker.fork(number, names[number * 3 % len(names)]), range(forks)))
    maker.new("odd/empty")
    for odd in (maker.broken, maker.sha256, maker.shallow, maker.nested, maker.files):
        odd()
    maker.huge(huge)
    maker.close()
    return Organization(root, frozenset(maker.places), frozenset(maker.gaps), tuple(sorted(maker.repositories)))


def grow(organization: Organization, name: str, secret: str) -> Place:
    """Add a commit with a credential to one bare repository."""
    git_dir = organization.root / name
    history = _History(Random(secret), ["more"])
    history.commit({"new.env": f"NEW={secret}\n"}, start=_git(git_dir, "rev-parse", "main").strip())
    (id_,) = history.write(git_dir)
    return Place(secret, name, "content", "new.env", "present", id_)


def shrink(organization: Organization, name: str) -> None:
    """Take the last commit of a bare repository's branch away, as if it had never been there."""
    git_dir = organization.root / name
    before = _git(git_dir, "rev-parse", "main~1").strip()
    _git(git_dir, "update-ref", "refs/heads/main", before)
    newest = max((git_dir / "objects" / "pack").iterdir(), key=lambda file: file.stat().st_mtime_ns)
    for file in newest.parent.glob(f"{newest.stem}.*"):
        file.unlink()


def same(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return a report without times, the numbers of runs and those of targets, whose order is no matter."""
    scan, coverage = report["scan"], report["coverage"]
    names = {target["id"]: (target["kind"], target["path"]) for target in scan["targets"]}
    lists = {part: sorted(coverage[part], key=repr) for part in ("skipped", "excluded")}
    credentials = {
        one["fingerprint"]: one
        | {"found_at": None}
        | {"occurrences": sorted(repr(place | {"target": names[place["target"]]}) for place in one["occurrences"])}
        for one in report["credentials"]
    }
    targets = sorted((one | {"id": ""} for one in scan["targets"]), key=repr)
    return {"targets": targets, "coverage": coverage | lists, "credentials": credentials, "summary": report["summary"]}


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def _git(directory: Path, *arguments: str, stdin: bytes = b"", git_dir: bool = True) -> str:
    command = ["git", *([f"--git-dir={directory}"] if git_dir else []), *arguments]
    done = subprocess.run(
        command, cwd=directory, env=environment(directory.parent), input=stdin, check=True, capture_output=True
    )
    return done.stdout.decode()
