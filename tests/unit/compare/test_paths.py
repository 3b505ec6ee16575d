"""The same file has the same path in all reports."""

from __future__ import annotations

from random import Random

import pytest

from tests import peer_reports
from tests.credentials import organization_key
from tests.peer_reports import Leak
from tests.unit.compare.comparing import compared

_RNG = Random("paths")
_KEYS = [organization_key(_RNG) for _ in range(3)]
_PATHS = ["src/a.py", "b.env", "src/deep/a.py"]
_COMMIT = _RNG.randbytes(20).hex()


def _leaks(prefix: str, commit: str = "") -> list[Leak]:
    return [Leak(key, prefix + path, commit=commit) for key, path in zip(_KEYS, _PATHS, strict=True)]


@pytest.mark.parametrize("prefix", ["repo/", "/home/ada/repo/", "../repo/", "src/repo/../", "C:/repo/"])
def test_the_directory_that_a_scanner_was_given_is_removed(prefix: str) -> None:
    git, files = peer_reports.gitleaks(_leaks("", _COMMIT)), peer_reports.gitleaks(_leaks(prefix))
    for view in (compared(a=git, b=files), compared(a=files, b=git)):
        paths = {finding["path"] for finding in view["findings"]}
        # A directory of the tree is none that a scanner was given.
        assert view["summary"]["agree"] == (prefix != "src/repo/../")
        assert paths >= set(_PATHS)


def test_a_file_in_a_directory_is_not_the_one_beside_it() -> None:
    git = peer_reports.gitleaks([Leak(_KEYS[0], "a.py", commit=_COMMIT), Leak(_KEYS[1], "src/b.py", commit=_COMMIT)])
    view = compared(a=git, b=peer_reports.gitleaks([Leak(_KEYS[0], "src/a.py")]))
    assert {finding["path"] for finding in view["findings"]} == {"a.py", "src/a.py", "src/b.py"}


def test_paths_with_a_commit_are_gits() -> None:
    view = compared(
        a=peer_reports.gitleaks([Leak(_KEYS[0], "a.py", commit=_COMMIT)]),
        b=peer_reports.kingfisher([Leak(_KEYS[0], "docs/a.py", commit=_COMMIT)]),
    )
    assert view["summary"]["findings"] == 2
