"""``.gitleaksignore``: which lines are fingerprints, and which places of which findings they cover."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from akpatrol.config.settings import NamedFile
from akpatrol.kinds import CUSTOM, KINDS
from akpatrol.model.credential import AllowanceSource, Commit, Credential, Moved, Occurrence, Version, Versions
from akpatrol.model.scan import Attribution, Confidence, Exposure, Place, Secret, Severity, State
from akpatrol.policy.gitleaks_ignore import parse

if TYPE_CHECKING:
    from akpatrol.kinds import CredentialKind
    from akpatrol.policy.gitleaks_ignore import IgnoreFile

_FIRST, _SECOND = "1" * 40, "2" * 40


def _file(text: str) -> IgnoreFile:
    return parse(NamedFile("F", text.encode()))


def _place(
    path: bytes = b"src/a.py",
    line: int | None = 3,
    *rules: str,
    commit: str = "",
    version: str = "",
    containers: tuple[str, ...] = (),
    place: Place = Place.CONTENT,
) -> Occurrence:
    introduced = Commit(commit, "2026-01-01T00:00:00Z") if commit else None
    last = Version("blob", version or commit)
    return Occurrence(
        *("0", place, path, line, 1, line, 9, 0, State.PRESENT),
        paths=(path,),
        containers=containers,
        introduced=introduced,
        versions=Versions(1, last, last) if commit else None,
        rule_ids=rules or ("acme",),
    )


def _credential(*places: Occurrence, kind: CredentialKind = CUSTOM) -> Credential:
    return Credential(
        kind,
        Secret(b"a secret"),
        ("acme",),
        Confidence.MEDIUM,
        Attribution.OPEN,
        Severity.HIGH,
        State.PRESENT,
        None,
        places,
    )


def test_lines() -> None:
    file = _file(
        "# a comment\n\n  src/a.py:acme:3  \r\nwin\\a.py:acme:4\n"
        f"{_FIRST}:win\\b.py:acme:5\nno fingerprint\nsrc/a.py:acme\nsrc/a.py:acme:three\na:b.py:acme:6\n"
    )
    assert file.lines == {
        "src/a.py:acme:3": 3,
        "win/a.py:acme:4": 4,
        f"{_FIRST}:win/b.py:acme:5": 5,
        "a:b.py:acme:6": 9,
    }
    assert file.unread == (6, 7, 8)
    assert list(file.notices()) == ["F:6, 7, 8: ignored: neither file:rule:line nor commit:file:rule:line"]
    assert list(_file("a:b:1").notices()) == []


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ("src/a.py:acme:3", _place()),
        ("src/a.py:acme:3", _place(commit=_FIRST)),
        (f"{_FIRST}:src/a.py:acme:3", _place(commit=_FIRST)),
        (f"{_SECOND}:src/a.py:acme:3", _place(commit=_FIRST, version=_SECOND)),
        ("a:b.py:acme:3", _place(b"a:b.py")),
        ("z.zip!in/b.txt:acme:3", _place(b"z.zip", containers=("zip:in/b.txt",))),
        ("z.tgz!b.txt:acme:3", _place(b"z.tgz", containers=("gzip", "tar:b.txt"))),
        ("id_rsa:acme:0", _place(b"id_rsa", None, place=Place.PATH)),
        ("src/a.py:acme:3", _place(b"src/a.py", 3, "acme", "generic-api-key")),
        ("src/a.py:generic-api-key:3", _place(b"src/a.py", 3, "generic-api-key")),
    ],
)
def test_covered(entry: str, place: Occurrence) -> None:
    (allowance,) = _file(entry).covering(_credential(place)).values()
    assert (allowance.source, allowance.reason, allowance.where) == (AllowanceSource.IGNORE_FILE, entry, "F:1")


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ("src/a.py:acme:4", _place()),
        ("src/a.py:acne:3", _place()),
        ("a.py:acme:3", _place()),
        (f"{_FIRST}:src/a.py:acme:3", _place()),
        (f"{_SECOND}:src/a.py:acme:3", _place(commit=_FIRST)),
        (f"{_FIRST[:12]}:src/a.py:acme:3", _place(commit=_FIRST)),
        ("src/a.py:acme:3", _place(b"src/a.py", 3, "acme", "other")),
        ("src/a.py:generic-api-key:3", _place(b"src/a.py", 3, "acme", "generic-api-key")),
        ("src/a.py:acme:3", _place(place=Place.COMMIT_MESSAGE)),
    ],
)
def test_not_covered(entry: str, place: Occurrence) -> None:
    assert not _file(entry).covering(_credential(place))


def test_our_own_credentials_are_never_covered() -> None:
    for kind in KINDS:
        found = _file("src/a.py:acme:3").covering(_credential(_place(), kind=kind))
        assert bool(found) is kind.is_custom


def test_the_line_is_that_of_the_match() -> None:
    place = _place(line=3)._replace(lines_before=(2,))
    assert place in _file("src/a.py:acme:1").covering(_credential(place))
    assert not _file("src/a.py:acme:2").covering(_credential(place))


def test_every_rule_may_be_listed() -> None:
    place = _place(b"src/a.py", 3, "acme", "other")
    assert place in _file("src/a.py:acme:3\nsrc/a.py:other:3").covering(_credential(place))


def test_a_place_that_moves_within_its_file_stays_covered() -> None:
    """gitleaks does not report lines that a commit leaves as they are."""
    first = _place(commit=_FIRST)
    moved = _place(line=9, commit=_FIRST, version=_SECOND)
    moved_again = _place(line=8, commit="3" * 40, version=_SECOND)  # after it was there twice
    another = _place(line=20, commit=_FIRST)
    elsewhere = _place(b"src/b.py", commit=_SECOND)
    covered = _file(f"{_FIRST}:src/a.py:acme:3").covering(_credential(first, moved, moved_again, another, elsewhere))
    assert set(covered) == {first, moved, moved_again}


def test_a_place_in_a_file_that_was_renamed_stays_covered() -> None:
    """gitleaks does not report the lines of a renamed file, but those that a commit moves to another one."""
    first = _place(commit=_FIRST)
    renamed = _place(b"src/b.py", 4, commit=_FIRST, version=_SECOND)._replace(
        moved_from=Moved("move", b"src/a.py", first.introduced)
    )
    again = renamed._replace(path=b"c.py", paths=(b"c.py",), moved_from=Moved("move", b"src/b.py", first.introduced))
    to_another = _place(b"src/d.py", 4, commit=_SECOND)._replace(
        moved_from=Moved("move", b"src/a.py", first.introduced)
    )
    copied = renamed._replace(path=b"e.py", paths=(b"e.py",), moved_from=Moved("copy", b"src/a.py", first.introduced))
    exposed = renamed._replace(path=b"public/f.js", paths=(b"public/f.js",), exposure=Exposure.BROWSER)
    places = (again, to_another, copied, exposed, renamed, first)
    covered = _file(f"{_FIRST}:src/a.py:acme:3").covering(_credential(*places))
    assert set(covered) == {first, renamed, again}


def test_paths_are_relative_to_the_file() -> None:
    file = _file("deep/src/a.py:acme:3")
    assert not file.covering(_credential(_place()))
    assert file._replace(above={"0": b"deep/"}).covering(_credential(_place()))
