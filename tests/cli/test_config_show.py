"""``akpatrol config show``: every value in force, and who says so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.program import inside

if TYPE_CHECKING:
    from pathlib import Path

    from tests.repositories import Repository


def _shown(repo: Repository, *arguments: str | Path, **variables: str) -> dict[str, list[tuple[str, str]]]:
    done = inside("config", "show", "-f", "json", *arguments, cwd=repo.path, variables=variables)
    assert done.code == 0, done.err
    found: dict[str, list[tuple[str, str]]] = {}
    for value in json.loads(done.out)["values"]:
        found.setdefault(value["key"], []).append((value["value"], value["origin"]))
    return found


def test_defaults(repo: Repository) -> None:
    shown = _shown(repo)
    assert shown["min_confidence"] == [("medium", "default")]
    assert shown["api_url"] == [("https://api.anyreach.ai", "default")]
    assert {origin for values in shown.values() for _, origin in values} == {"default", "--format"}


def test_flags_environment_files_and_defaults(repo: Repository) -> None:
    repo.write("team.toml", "exclude = ['a']\nmin_confidence = 'low'\n")
    repo.write(".akpatrol.toml", """
        extends = 'team.toml'
        exclude = ['b']
        [[allow]]
        path = 'tests/'
        reason = 'fixtures'
        """)  # fmt: skip
    repo.write(".akpatrol-baseline.json", '{"akpatrol_baseline": 1, "entries": []}')
    shown = _shown(repo, "--exclude", "c", "--org", "o1", AKPATROL_API_URL="https://api.example.org")
    team, own = str(repo.path / "team.toml"), str(repo.path / ".akpatrol.toml")
    assert shown["exclude"] == [("a", team), ("b", own), ("c", "--exclude")]
    assert shown["min_confidence"] == [("low", team)]
    assert shown["extends"] == [("team.toml", own)]
    assert shown["allow"] == [("path = tests/, reason = fixtures", own)]
    assert shown["org"] == [("o1", "--org")]
    assert shown["api_url"] == [("https://api.example.org", "AKPATROL_API_URL")]
    assert shown["baseline"] == [(str(repo.path / ".akpatrol-baseline.json"), "default")]
    assert _shown(repo, "--min-confidence", "high")["min_confidence"] == [("high", "--min-confidence")]


def test_an_explicit_file(repo: Repository, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("jobs = 3\nverify = true\norg = ['a', 'b']\n")
    shown = _shown(repo, "--config", file)
    assert (shown["jobs"], shown["verify"]) == ([("3", str(file))], [("true", str(file))])
    assert shown["org"] == [("a", str(file)), ("b", str(file))]


def test_text_without_secrets(repo: Repository, key: str) -> None:
    repo.write(".akpatrol.toml", f"exclude = ['{key}', \"\\u001b[31mred\"]\n")
    done = inside("config", "show", cwd=repo.path)
    assert done.code == 0
    assert b"exclude = ak_" in done.out
    assert key.encode() not in done.written
    assert b"\x1b" not in done.out


def test_wrong_ones(repo: Repository) -> None:
    assert inside("config", "show", "-f", "sarif", cwd=repo.path).code == 2
    repo.write(".akpatrol.toml", "rules = ['missing.toml']\n")
    assert b"missing.toml" in inside("config", "show", cwd=repo.path).err
