"""What the names in an archive tell of the git directories in it."""

from __future__ import annotations

import pytest

from akpatrol.unwrap.containers.git_directory import GitDirectories

_PACK = f"objects/pack/pack-{'a1' * 20}"
_LOOSE = f"objects/aa/{'b2' * 19}"


def _missing(*names: str) -> list[tuple[bytes, str]]:
    directories = GitDirectories()
    for name in names:
        directories.note(name.encode())
    return [(directory, reason.removeprefix("git directory: ")[:14]) for directory, reason in directories.missing()]


@pytest.mark.parametrize("directory", ["", ".git/", "a/b.git/", "./.git/", "/x/.git/"])
def test_what_is_missing_is_said(directory: str) -> None:
    where = directory.rstrip("/").encode()
    assert _missing(f"{directory}{_PACK}.idx") == [(where, "a pack not in ")]
    assert _missing(f"{directory}objects/info/alternates") == [(where, "it borrows obj")]
    assert _missing(f"{directory}{_PACK}.pack", f"{directory}{_PACK}.promisor") == [(where, "a partial clon")]
    assert _missing(f"{directory}{_LOOSE}", f"{directory}shallow") == [(where, "a shallow clon")]


@pytest.mark.parametrize(
    "names",
    [
        (),
        (f"{_PACK}.idx", f"{_PACK}.pack", _LOOSE),
        ("shallow", "docs/shallow", "myobjects/info/alternates"),
        (f"a/{_LOOSE}", "b/shallow"),
        (f"x{_PACK}.idx", "objects/pack/pack-1.idx"),
    ],
)
def test_nothing_is_missing(names: tuple[str, ...]) -> None:
    assert _missing(*names) == []


def test_several_packs_of_several_directories() -> None:
    other = f"objects/pack/pack-{'c3' * 32}.idx"
    found = _missing(f"a/{_PACK}.idx", f"a/{other}", f"b/{_PACK}.idx", f"b/{_PACK}.pack", f"b/{other}")
    assert found == [(b"a", "2 packs not in"), (b"b", "a pack not in ")]


def test_names_are_kept_up_to_a_bound() -> None:
    names = [f"{number}.git/{_PACK}.idx" for number in range(30_000)]
    assert len(_missing(*names)) == 20_000
