"""Where reports go: several at once, whole or not at all, safe to look at."""

from __future__ import annotations

import json
import os
import stat
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from akpatrol.report import FORMATS
from tests.program import execute, inside, on_terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run
    from tests.repositories import Repository

_SCHEMA = json.loads((files("akpatrol") / "report" / "schema.json").read_text())


@pytest.fixture
def tree(tmp_path: Path, key: str) -> Path:
    directory = tmp_path / "tree"
    directory.mkdir()
    (directory / "f").write_text(key)
    return directory


def test_output_file(tree: Path, tmp_path: Path) -> None:
    done = inside("scan", tree, "-f", "json", "-o", "report", cwd=tmp_path)
    assert (done.code, done.out) == (1, b"")
    assert len(json.loads((tmp_path / "report").read_bytes())["credentials"]) == 1


def test_several_reports_of_one_scan(tree: Path, tmp_path: Path) -> None:
    options = [word for name in FORMATS for word in ("--report", f"{name}:{tmp_path / name}")]
    done = inside("scan", tree, *options)
    assert done.out == (tmp_path / "text").read_bytes()
    report = json.loads((tmp_path / "json").read_bytes())
    lines = [json.loads(line) for line in (tmp_path / "jsonl").read_bytes().splitlines()]
    sarif = json.loads((tmp_path / "sarif").read_bytes())
    assert report["credentials"][0]["fingerprint"] in str(lines[1])
    assert len(sarif["runs"][0]["results"]) == 1
    assert len(json.loads((tmp_path / "gitlab").read_bytes())["vulnerabilities"]) == 1
    assert len(json.loads((tmp_path / "gitlab-codequality").read_bytes())) == 1
    assert b"::error file=f,line=1," in (tmp_path / "github").read_bytes()
    assert b"`f:1:1`" in (tmp_path / "markdown").read_bytes()


@pytest.mark.parametrize(
    "how", [["-o", "-"], ["-o", "/dev/stdout"], ["--report", "json:-", "-o", "/dev/null"]], ids=str
)
def test_standard_output_by_name(tree: Path, how: list[str]) -> None:
    done = execute("scan", tree, "-f", "json", *how, cwd=tree)
    assert len(json.loads(done.out)["credentials"]) == 1
    assert os.listdir(tree) == ["f"]


def test_relative_to_the_directory_of_the_option(tree: Path, tmp_path: Path) -> None:
    (tree / "rules.toml").write_text("[[rules]]\nid = 'x'\nregex = 'no such thing here'\n")
    (tree / "own.toml").write_text("min_confidence = 'high'\n")
    options = ["-o", "report", "--rules", "rules.toml", "--config", "own.toml", "-C", str(tree), "."]
    assert inside("scan", *options, cwd=tmp_path).code == 1
    assert (tree / "report").exists()


def test_report_is_not_part_of_its_own_scan(tree: Path) -> None:
    for _ in range(2):
        inside("scan", "-f", "json", "-o", "report.json", "--show-secrets", cwd=tree)
    report = json.loads((tree / "report.json").read_bytes())
    assert len(report["credentials"][0]["occurrences"]) == 3


def test_existing_file_keeps_its_mode_and_is_replaced(tree: Path, tmp_path: Path) -> None:
    report = tmp_path / "report"
    report.write_text("old" * 10_000)
    report.chmod(0o600)
    inside("scan", tree, "-o", report)
    assert b"old" not in report.read_bytes()
    assert stat.S_IMODE(report.stat().st_mode) == 0o600


def test_full_disk_leaves_the_old_report(tree: Path, tmp_path: Path) -> None:
    report = tmp_path / "out" / "report"
    report.parent.mkdir()
    report.write_text("old")
    patch = "import os\ndef full(_): raise OSError(28, 'No space left on device')\nos.fsync = full"
    done = execute("scan", tree, "-o", report, patch=patch)
    assert (done.code, done.out) == (2, b"")
    assert b"No space left on device" in done.err
    assert report.read_text() == "old"
    assert os.listdir(report.parent) == ["report"]


def test_report_that_cannot_be_rendered_leaves_all_unwritten(tree: Path, tmp_path: Path) -> None:
    """Rendering comes first: no format is written when another shows a bug."""
    patch = "from akpatrol.report import as_sarif\ndef pieces(*_): raise ZeroDivisionError\nas_sarif.pieces = pieces"
    reports = ["--report", f"json:{tmp_path / 'a'}", "--report", f"sarif:{tmp_path / 'b'}"]
    done = execute("scan", tree, *reports, patch=patch)
    assert (done.code, done.out) == (4, b"")
    assert os.listdir(tmp_path) == ["tree"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_directory_without_permission(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    assert inside("scan", tree, "-o", tmp_path / "closed" / "report").code == 2


def test_no_schema_violation(run: Run, repo: Repository, key: str, token: str) -> None:
    validator = Draft202012Validator(_SCHEMA)
    repo.write("a.env", f"TOKEN={token}")
    repo.write(b"caf\xe9", key)
    (repo.path / "link").symlink_to("x")
    repo.write(".gitignore", "*.env\n")
    repo.git("add", "-A")
    (repo.path / "m").write_text(key)
    for arguments in (["scan"], ["scan", "--tracked"], ["history"], ["staged"], ["commit-msg", "m"]):
        report: Any = run(*arguments, cwd=repo.path).json
        validator.validate(report)
        assert report["scan"]["command"] in ("scan", "history", "staged", "commit-msg")


def test_control_characters_of_names_and_content(tmp_path: Path, key: str) -> None:
    """Nothing that is scanned can steer the terminal, forge a line, or turn the reading direction."""
    evil = "a\x1b[41m\r\n\x07\x9b31m\u202eb\u2066\u200b\x85"
    (tmp_path / f"{evil} {key}").write_text(f"{evil} {key} {evil}")
    for number in range(2):
        done = on_terminal("scan", tmp_path, "-v") if number else inside("scan", tmp_path, "-v")
        text = done.written.decode()
        for part in ("\x1b[41m", "\x07", "\x9b", "\u202e", "\u2066", "\u200b", "\x85", "\r\n\x07"):
            assert part not in text


def test_step_summary(tree: Path, tmp_path: Path) -> None:
    """It is for the format that GitHub Actions reads, is appended to the file, and fails no run."""
    summary = tmp_path / "summary"
    summary.write_text("before\n")
    variables = {"GITHUB_STEP_SUMMARY": str(summary)}
    assert inside("scan", tree, "-f", "json", variables=variables).code == 1
    assert summary.read_text() == "before\n"
    assert inside("scan", tree, "-f", "github", variables=variables).code == 1
    assert summary.read_text().startswith("before\n## akpatrol: 1 credential found")


def test_step_summary_that_cannot_be_written(tree: Path, tmp_path: Path) -> None:
    done = inside("scan", tree, "-f", "github", variables={"GITHUB_STEP_SUMMARY": str(tmp_path / "no" / "file")})
    assert done.code == 1
    assert done.out.startswith(b"akpatrol: 1 credential found")
    assert b"cannot write" in done.err


def test_machine_formats_are_ascii_or_utf_8_without_raw_control_characters(tmp_path: Path, key: str) -> None:
    (tmp_path / "f\x1b").write_text(f"\x1b[31m {key} \u2028")
    for format_ in FORMATS:
        out = inside("scan", tmp_path, "-f", format_).out
        assert b"\x1b" not in out
        assert out.decode().endswith("\n")


@pytest.mark.parametrize("format_", ["json", "jsonl"])
def test_utf_8_whatever_the_locale(tmp_path: Path, key: str, format_: str) -> None:
    (tmp_path / "zoë 配置").write_text(f"é {key}")
    done = execute("scan", tmp_path, "-f", format_, variables={"LC_ALL": "POSIX", "PYTHONUTF8": "0", "LANG": "C"})
    assert done.code == 1
    assert "zoë 配置" in done.out.decode() or b"\\u914d" in done.out


_ESCAPE = b"\x1b["


def test_colours_only_on_a_terminal(tree: Path) -> None:
    assert _ESCAPE in on_terminal("scan", tree).out
    assert _ESCAPE not in on_terminal("scan", tree, terminals=["stderr"]).out
    assert _ESCAPE not in on_terminal("scan", tree, "-f", "json").out


@pytest.mark.parametrize(("value", "coloured"), [("1", False), ("0", False), ("", True)])
def test_no_color(tree: Path, value: str, *, coloured: bool) -> None:
    """https://no-color.org: set and not empty."""
    assert (_ESCAPE in on_terminal("scan", tree, variables={"NO_COLOR": value}).out) is coloured


def test_no_colours_on_a_terminal_that_has_none(tree: Path) -> None:
    assert _ESCAPE not in on_terminal("scan", tree, variables={"TERM": "dumb"}).out


def test_no_colours_in_a_file(tree: Path, tmp_path: Path) -> None:
    on_terminal("scan", tree, "-o", tmp_path / "report", "--report", f"text:{tmp_path / 'other'}")
    assert _ESCAPE not in (tmp_path / "report").read_bytes() + (tmp_path / "other").read_bytes()


def test_verbose_is_on_standard_error(tree: Path) -> None:
    plain, verbose = inside("scan", tree, "-f", "json"), inside("scan", tree, "-f", "json", "-vv")
    assert json.loads(plain.out).keys() == json.loads(verbose.out).keys()
    assert b"configuration: none" in verbose.err
    assert plain.err == b""


def test_hint_at_histories(repo: Repository) -> None:
    out = inside("scan", repo.path).out.decode()
    assert "history of 1 repository not scanned" in out.lower()
    assert "akpatrol history" in out
