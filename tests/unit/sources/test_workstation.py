"""What the table of locations holds, and which files of a home directory it leads to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from akpatrol.model.scan import Excluded, Exclusion, Skipped
from akpatrol.sources.files import FilesUnit
from akpatrol.sources.workstation import HomeDirectory, LocationSurvey, WorkstationSource, survey
from akpatrol.sources.workstation_table import LOCATIONS, Platform
from tests.repositories import Repository
from tests.workstations import concrete, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from akpatrol.sources.workstation_table import Location

    Excluder = Callable[[bytes, bool], bool]

_LONGEST_TITLE = 34
_CASES = [(platform, location) for platform in Platform for location in LOCATIONS if location.on(platform)]


def surveyed(
    home: Path,
    platform: Platform = Platform.LINUX,
    excluded: Excluder = lambda _path, _is_directory: False,
    now: float = 0,
) -> dict[str, LocationSurvey]:
    homes = [HomeDirectory(platform, os.fsencode(os.path.realpath(home)))]
    return {found.location.name: found for found in survey(homes, lambda _root: excluded, now)}


def read(home: Path) -> set[str]:
    """Return every file that would be opened."""
    return {os.fsdecode(path) for found in surveyed(home).values() for path in found.files}


@pytest.mark.parametrize(("platform", "location"), _CASES, ids=[f"{case[0]}-{case[1].name}" for case in _CASES])
def test_a_file_at_each_path_of_a_location_is_read(tmp_path: Path, platform: Platform, location: Location) -> None:
    expected = [concrete(pattern.decode()) for pattern in location.on(platform)]
    for path in expected:
        write(tmp_path, path)
    found = {entry.location.name: entry.files for entry in surveyed(tmp_path, platform).values() if entry.exists}
    assert {name: sorted(map(os.fsdecode, files)) for name, files in found.items()} == {location.name: sorted(expected)}


def test_each_location_has_a_name_a_short_title_advice_and_a_page_that_documents_it() -> None:
    names = [location.name for location in LOCATIONS]
    assert len(set(names)) == len(names)
    for location in LOCATIONS:
        assert len(location.title) <= _LONGEST_TITLE, location.name
        assert location.advice.endswith("."), location.name
        assert location.pages, location.name
        assert all(page.startswith("https://") for page in location.pages), location.name
        assert any(location.on(platform) for platform in Platform), location.name
        for pattern in location.paths:
            assert not pattern.startswith("/"), pattern
            assert ".." not in pattern.split("/"), pattern
            assert concrete(pattern) == concrete(concrete(pattern)), pattern


def test_an_empty_home_has_every_location_and_nothing_in_it(tmp_path: Path) -> None:
    found = surveyed(tmp_path)
    assert set(found) == {location.name for location in LOCATIONS if location.on(Platform.LINUX)}
    assert not any(entry.exists for entry in found.values())
    source = WorkstationSource(list(found.values()), [HomeDirectory(Platform.LINUX, os.fsencode(tmp_path))])
    assert [target.root for target in source.targets()] == [str(tmp_path)]
    assert list(source.plan()) == []


def test_nothing_else_of_the_home_is_read(tmp_path: Path) -> None:
    others = [
        "secrets.txt",
        "project/.env",
        ".ssh/id_ed25519",
        ".claude/plugins/x",
        ".aws/other",
        ".bash_history.d/x",
        "x.env",
        "core.c",
        ".config/google-chrome/Local State",
        ".config/other/settings.json",
        ".cache/x",
    ]
    for path in others:
        write(tmp_path, path)
    write(tmp_path, ".netrc")
    assert read(tmp_path) == {".netrc"}


def test_a_file_of_two_locations_belongs_to_the_first(tmp_path: Path) -> None:
    write(tmp_path, ".netrc")
    (tmp_path / ".pgpass").symlink_to(".netrc")
    found = surveyed(tmp_path)
    assert (found["netrc"].files, found["pgpass"].files) == ((b".netrc",), ())


def test_a_link_inside_the_home_is_followed_once(tmp_path: Path) -> None:
    write(tmp_path, "dotfiles/bashrc")
    (tmp_path / ".bashrc").symlink_to("dotfiles/bashrc")
    (tmp_path / ".profile").symlink_to(tmp_path / ".bashrc")
    write(tmp_path, "sync/claude/projects/a/1.jsonl")
    (tmp_path / ".claude").symlink_to("sync/claude")
    assert read(tmp_path) == {"dotfiles/bashrc", "sync/claude/projects/a/1.jsonl"}


def test_a_link_out_of_the_home_is_a_skip(tmp_path: Path) -> None:
    home, outside = tmp_path / "home", tmp_path / "home2"
    write(outside, ".netrc")
    write(outside, "aws/credentials")
    home.mkdir()
    (home / ".netrc").symlink_to("../home2/.netrc")
    (home / ".aws").symlink_to(outside / "aws")
    (home / ".env").symlink_to("/dev/zero")
    (home / "Downloads").symlink_to(outside)
    found = surveyed(home)
    for name, item in {"netrc": ".netrc", "aws": ".aws", "env-files": ".env", "downloads": "Downloads"}.items():
        assert found[name].files == ()
        assert [skip.item for skip in found[name].skipped] == [item]
        assert "out of the home directory" in found[name].skipped[0].reason


def test_a_link_below_a_directory_of_the_table_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, ".claude/projects/a/1.jsonl")
    (tmp_path / ".claude" / "projects" / "b").symlink_to("/etc")
    (tmp_path / ".claude" / "projects" / "c").symlink_to("a/1.jsonl")
    found = surveyed(tmp_path)["claude-code-transcripts"]
    assert (found.files, found.skipped) == ((b".claude/projects/a/1.jsonl",), ())
    assert found.left_out == (Excluded(Exclusion.SYMLINK, 2),)


def test_links_that_lead_nowhere(tmp_path: Path) -> None:
    """A browser's lock is a link whose target is no path at all."""
    (tmp_path / ".netrc").symlink_to("gone")
    (tmp_path / ".mozilla" / "firefox" / "x").mkdir(parents=True)
    (tmp_path / ".mozilla" / "firefox" / "lock").symlink_to("127.0.1.1:+4242")
    assert not any(entry.exists for entry in surveyed(tmp_path).values())
    (tmp_path / ".pgpass").symlink_to(".pgpass")
    assert [skip.item for skip in surveyed(tmp_path)["pgpass"].skipped] == [".pgpass"]


def test_what_is_no_regular_file_is_left_out(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".env")
    (tmp_path / ".env.d").mkdir()
    (tmp_path / ".bashrc").mkdir()
    write(tmp_path, ".aws")
    found = surveyed(tmp_path)
    assert found["env-files"].left_out == (Excluded(Exclusion.SPECIAL_FILE),)
    assert [name for name, entry in found.items() if entry.exists] == ["env-files"]


def test_downloads_that_are_not_recent_are_counted(tmp_path: Path) -> None:
    file = write(tmp_path, "Downloads/a")
    write(tmp_path, "Downloads/b")
    arrived = max(file.stat().st_mtime, file.stat().st_ctime)
    month = 30 * 86_400
    found = surveyed(tmp_path, now=arrived + month - 60)["downloads"]
    assert (len(found.files), found.left_out) == (2, ())
    os.utime(file, (1, 1))  # as an archive's member that was unpacked today
    assert len(surveyed(tmp_path, now=arrived + month - 60)["downloads"].files) == 2
    found = surveyed(tmp_path, now=file.stat().st_ctime + month + 60)["downloads"]
    assert (found.files, found.left_out) == ((), (Excluded(Exclusion.NOT_RECENT, 2),))


def test_the_newest_file_is_known(tmp_path: Path) -> None:
    for number in (3, 9, 5):
        os.utime(write(tmp_path, f".claude/projects/{number}"), (0, number))
    assert surveyed(tmp_path)["claude-code-transcripts"].newest == 9


def test_patterns_leave_out_paths_of_the_home(tmp_path: Path) -> None:
    write(tmp_path, ".claude/projects/a/1")
    write(tmp_path, ".netrc")
    write(tmp_path, ".env")
    left_out = {b".claude/projects/a", b".netrc"}
    found = surveyed(tmp_path, excluded=lambda path, _is_directory: path in left_out)
    assert {name for name, entry in found.items() if entry.files} == {"env-files"}
    assert found["netrc"].left_out == (Excluded(Exclusion.EXCLUDE_OPTION),)
    assert found["claude-code-transcripts"].left_out == (Excluded(Exclusion.EXCLUDE_OPTION),)


def test_a_repository_among_the_downloads_is_named(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "Downloads" / "clone")
    repo.commit_file("a", "x")
    found = list(surveyed(tmp_path).values())
    source = WorkstationSource(found, [])
    assert source.unread_histories() == (str(repo.path),)
    assert {os.fsdecode(path) for entry in found for path in entry.files} == {"Downloads/clone/a"}


def test_units_are_batches_of_one_location(tmp_path: Path) -> None:
    for number in range(600):
        write(tmp_path, f".claude/projects/{number}")
    write(tmp_path, ".netrc")
    units = list(WorkstationSource(list(surveyed(tmp_path).values()), []).plan())
    assert all(isinstance(unit, FilesUnit) for unit in units)
    sizes = [(unit.target, len(unit.files)) for unit in units if isinstance(unit, FilesUnit)]
    assert [number for name, number in sizes if name == "claude-code-transcripts"] == [256, 256, 88]
    assert sizes[-1] == ("netrc", 1)


def test_what_is_gone_when_it_is_read_is_a_skip(tmp_path: Path) -> None:
    file = write(tmp_path, ".netrc")
    (unit,) = WorkstationSource(list(surveyed(tmp_path).values()), []).plan()
    assert isinstance(unit, FilesUnit)
    file.unlink()
    assert [item.item for item in unit.read() if isinstance(item, Skipped)] == [".netrc"]
    file.symlink_to("/etc/passwd")
    assert [item.reason for item in unit.read() if isinstance(item, Skipped)] == ["became a symbolic link"]
