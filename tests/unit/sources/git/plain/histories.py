"""Random small histories, with all that a diff and a walk have to get right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.repositories import Repository

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

_EPOCH = 1_704_067_200
_PATHS = ("a", "a.c", "a/b", "a/b.c", "a/b/c", "d", "d-e", "d/e", "f/g/h", "f/g", "z")
_MODES = ("100644", "100755", "120000", "160000")


def random_history(place: Path, rng: Random, commits: int = 25) -> Repository:
    """Make a bare repository: merges, commits of one second, links, submodules, files that become directories, tags."""
    repo = Repository(place, "--bare")
    lines = []
    for number in range(1, commits + 1):
        # Clocks are wrong, and many commits are of one moment.
        moment = _EPOCH + 60 * rng.randint(0, number)
        lines.append(f"commit refs/heads/b{rng.randint(0, 2)}\nmark :{number}\n")
        lines.append(f"committer Ada <ada@example.org> {moment} +0000\ndata 1\nx\n")
        parents = sorted(set(rng.choices(range(1, number), k=rng.choice((1, 1, 1, 2, 3))))) if number > 1 else []
        if parents and rng.random() < 0.95:
            lines += [f"{'merge' if index else 'from'} :{parent}\n" for index, parent in enumerate(parents)]
        for path in rng.sample(_PATHS, rng.randint(0, 4)):
            mode = rng.choice(_MODES[:1] * 6 + _MODES)
            if rng.random() < 0.3:
                lines.append(f"D {path}\n")
            elif mode == "160000":
                lines.append(f"M {mode} {rng.randint(1, 3):040x} {path}\n")
            else:
                lines.append(f"M {mode} inline {path}\ndata 2\n{rng.randint(0, 9)}\n\n")
        lines.append("\n")
    lines.append(f"tag v1\nfrom :{rng.randint(1, commits)}\ntagger Ada <ada@example.org> {_EPOCH} +0000\ndata 1\nt\n")
    unpacked = ("-c", "fastimport.unpackLimit=1") if rng.random() < 0.5 else ()
    repo.git(*unpacked, "fast-import", "--quiet", "--force", stdin="".join(lines).encode())
    return repo
