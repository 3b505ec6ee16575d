"""``akpatrol report``: an earlier result in another format, the nightly mail, and what was not scanned."""

from __future__ import annotations

import json
import re
from random import Random
from typing import TYPE_CHECKING

import pytest

from akpatrol.model.scan import Confidence, Secret
from akpatrol.report import FORMATS, render
from akpatrol.report.load import report_of
from akpatrol.sweep.store.store import SweepStore
from tests import reports
from tests.credentials import organization_key, personal_access_token
from tests.program import Done, execute, inside
from tests.unit.sweep.looks import DIGEST, KEYS, day, found, look, sweep

if TYPE_CHECKING:
    from pathlib import Path

    from akpatrol.model.report import Report

# A document has its duration to the millisecond.
_END = re.compile(rb'"(endTimeUtc|end_time)": "[^"]+"')
_KEY = organization_key(Random("report"))
_TOKEN = personal_access_token(Random("report"))
_FORMATS = [name for name in FORMATS if name != "github"]
_ACME = "acme_" + "x7Qp" * 6
_RULE = """
[[rules]]
id = "acme-token"
regex = '''acme_[0-9A-Za-z]{24}'''
keywords = ["acme_"]
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.py").write_text(f'API_KEY = "{_KEY}"\n')
    (tree / "caf\udce9.env").write_text(f"ANYREACH_TOKEN={_TOKEN}\n")
    (tree / "broken.zip").write_bytes(b"PK\x03\x04" + 40 * b"x")
    return tree


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Three runs: a key goes, one stays, one comes; one target is not read, one not scanned."""
    file = tmp_path / "s.sqlite3"
    sweep(file, look("one", found(KEYS[0]), found(KEYS[1])), look("two", found(KEYS[3], confidence=Confidence.LOW)))
    sweep(file, look("one", found(KEYS[1], 2), found(KEYS[2])), finished=False)
    sweep(file, same=("one",))
    return file


def _report(*arguments: str | Path, cwd: Path, **variables: str) -> Done:
    return inside("report", *arguments, cwd=cwd, variables=variables)


def _lines(done: Done) -> list[str]:
    return done.out.decode().splitlines()


def _written(report: Report) -> str:
    return render(report, "json", reports.options(report))


def _masked(key: str) -> str:
    return Secret(key.encode()).redacted


@pytest.mark.parametrize("stored", ["json", "jsonl"])
@pytest.mark.parametrize("format_", _FORMATS)
def test_every_format_is_as_the_scan_would_have_told_it(tree: Path, tmp_path: Path, stored: str, format_: str) -> None:
    scan = inside("scan", tree, "-f", format_, "--report", f"{stored}:r", "--min-confidence", "low", cwd=tmp_path)
    told = _report("r", "-f", format_, cwd=tmp_path)
    assert told.code == scan.code == 1
    assert _END.sub(b"", told.out) == _END.sub(b"", scan.out)
    assert not told.err


def test_standard_input_and_files(tree: Path, tmp_path: Path) -> None:
    scan = inside("scan", tree, "-f", "json", cwd=tmp_path)
    done = execute("report", "-", "-o", "r.txt", "--report", "json:again.json", cwd=tmp_path, stdin=scan.out)
    assert (done.code, done.out, done.err) == (1, b"", b"")
    assert (tmp_path / "r.txt").read_text() == _report("again.json", cwd=tmp_path).out.decode()
    assert json.loads((tmp_path / "again.json").read_bytes()) == json.loads(scan.out)


@pytest.mark.parametrize(
    ("name", "option", "code"),
    [("a.py", (), 1), ("a.py", ("--exit-zero",), 0), ("broken.zip", (), 3), ("broken.zip", ("--exit-zero",), 3)],
)
def test_the_exit_code_is_what_the_report_means(
    tree: Path, tmp_path: Path, name: str, option: tuple[str, ...], code: int
) -> None:
    inside("scan", tree / name, "--report", "json:r.json", cwd=tmp_path)
    assert _report("r.json", *option, cwd=tmp_path).code == code


def test_nothing_is_said_of_nothing_when_it_is_to_be_quiet(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    inside("scan", "empty", "--report", "json:r.json", cwd=tmp_path)
    assert _report("r.json", "-q", cwd=tmp_path) == Done(0, b"", b"")
    assert _report("r.json", cwd=tmp_path).out.startswith(b"No credentials found")


def test_a_report_is_told_whole_unless_less_is_asked_for(tmp_path: Path) -> None:
    low = reports.credential(KEYS[0], confidence=Confidence.LOW)
    high = reports.credential(KEYS[1], confidence=Confidence.HIGH)
    whole = reports.report(low, high, below_confidence=2)
    (tmp_path / "r.json").write_text(_written(whole))

    def summary(*option: str) -> tuple[int, int]:
        told = json.loads(_report("r.json", "-f", "json", *option, cwd=tmp_path).out)["summary"]
        return told["findings"], told["below_min_confidence"]

    assert summary() == summary("--min-confidence", "low") == (2, 2)
    assert summary("--min-confidence", "medium") == (1, 3)


def test_secrets_that_a_report_shows_are_masked(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(_RULE)
    (tmp_path / f"{_ACME}.txt").write_text(f"token {_ACME} and {_KEY}\n")
    inside(
        "scan", f"{_ACME}.txt", "--rules", "rules.toml", "--show-secrets", "--report", "json:r.json",
        "--min-confidence", "low", cwd=tmp_path,
    )  # fmt: skip
    shown = (tmp_path / "r.json").read_text()
    assert _ACME in shown
    assert _KEY in shown
    for format_ in _FORMATS:
        told = _report("r.json", "-f", format_, "-v", cwd=tmp_path)
        assert told.code == 1
        assert _ACME.encode() not in told.written
        assert _KEY.encode() not in told.written
        assert _KEY.partition(".")[2].encode() not in told.written


def test_free_text_of_a_report_is_masked_again(tmp_path: Path) -> None:
    whole = json.loads(_written(reports.report(reports.credential(KEYS[0]))))
    whole["notices"] = [f"see {_KEY} \x1b[31m"]
    whole["credentials"][0]["occurrences"][0] |= {"path": f"{_TOKEN}.py", "context": f"k = {_KEY}"}
    (tmp_path / "r.json").write_text(json.dumps(whole))
    for format_ in _FORMATS:
        written = _report("r.json", "-f", format_, cwd=tmp_path).written
        for secret in (_KEY, _TOKEN, "\x1b"):
            assert secret.encode() not in written


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not an akpatrol JSON report"),
        (b"[" * 100_000, "not an akpatrol JSON report"),
        (b"\x7fELF", "not an akpatrol JSON report"),
        (b'{"credentials": [{"secret": 3}]}', "not an akpatrol JSON report"),
        (b'{"credentials": [{"secret": "x"}], "x": ' + b"[" * 900 + b"]" * 900 + b"}", "not an akpatrol JSON report"),
        (b'{"type": "header"}\n', "cut short"),
        (b"SQLite format 3\0", "not an akpatrol store"),
    ],
)
def test_what_is_no_report(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "r").write_bytes(content)
    done = _report("r", cwd=tmp_path)
    assert done.code == 2
    assert words in done.err.decode()
    assert "Traceback" not in done.err.decode()
    assert not done.out


def test_what_cannot_be_read(tmp_path: Path, store: Path) -> None:
    for name in (".", "missing", "a\0b"):
        done = _report(name, cwd=tmp_path)
        assert done.code == 2
        assert "bug" not in done.err.decode()
    done = execute("report", "-", cwd=tmp_path, stdin=store.read_bytes())
    assert (done.code, b"give its file" in done.err) == (2, True)


@pytest.mark.parametrize("option", [("--since", "1"), ("--coverage",)])
def test_what_only_a_store_can_tell(tree: Path, tmp_path: Path, option: tuple[str, ...]) -> None:
    inside("scan", tree, "--report", "json:r.json", cwd=tmp_path)
    done = _report("r.json", *option, cwd=tmp_path)
    assert (done.code, done.out) == (2, b"")
    assert f"{option[0]} requires a store" in done.err.decode()


@pytest.mark.parametrize("format_", _FORMATS)
def test_a_store_in_every_format(store: Path, tmp_path: Path, format_: str) -> None:
    (tmp_path / "renamed.json").write_bytes(store.read_bytes())
    done = _report("renamed.json", "-f", format_, cwd=tmp_path)
    assert done.code == 1
    assert _masked(KEYS[1]) in done.out.decode()
    assert _masked(KEYS[3]) not in done.out.decode()


def test_a_store_as_json_can_be_read_again(store: Path, tmp_path: Path) -> None:
    whole = json.loads(_report(store, "-f", "json", "--min-confidence", "low", cwd=tmp_path).out)
    assert report_of(whole).command == "sweep"
    assert whole["summary"]["findings"] == 3
    assert {one["found_at"] for one in whole["credentials"]} == {day(1), day(2)}


def test_the_nightly_mail(store: Path, tmp_path: Path) -> None:
    text = _report(store, "--since", "previous", cwd=tmp_path)
    assert text.code == 1
    lines = _lines(text)
    start = lines.index("") + 1
    assert lines[start : start + 4] == [
        "Since run 1 (2026-03-01): 1 new, 1 changed, 1 gone",
        f"  new      {_masked(KEYS[2])}",
        f"  changed  {_masked(KEYS[1])}  1 more place",
        f"  gone     {_masked(KEYS[0])}",
    ]
    below = lines[start + 4 :]
    assert below.index("New") < below.index("Changed")
    assert _masked(KEYS[2]) in below[below.index("New") + 2]
    assert _masked(KEYS[1]) in below[below.index("Changed") + 2]
    whole = json.loads(_report(store, "--since", "1", "-f", "json", cwd=tmp_path).out)
    assert [one["change"] for one in whole["changes"]["credentials"]] == ["new", "changed", "gone"]
    assert {one["redacted"] for one in whole["credentials"]} == {_masked(KEYS[1]), _masked(KEYS[2])}


def test_a_night_without_news(store: Path, tmp_path: Path) -> None:
    sweep(store, same=("one", "two"))
    assert _report(store, "--since", "previous", "-q", cwd=tmp_path) == Done(0, b"", b"")
    assert b"nothing changed" in _report(store, "--since", "previous", cwd=tmp_path).out
    assert _report(store, "-q", cwd=tmp_path).code == 1


def test_what_is_only_gone_is_news(store: Path, tmp_path: Path) -> None:
    sweep(store, look("one", found(KEYS[1], 2)), same=("two",))
    done = _report(store, "--since", "previous", "-q", cwd=tmp_path)
    assert done.code == 0
    assert f"  gone     {_masked(KEYS[2])}" in _lines(done)


@pytest.mark.parametrize("name", ["9", "3", "yesterday"])
def test_a_run_that_there_is_not(store: Path, tmp_path: Path, name: str) -> None:
    done = _report(store, "--since", name, cwd=tmp_path)
    assert done.code == 2
    assert f"no run {name} before run 3" in done.err.decode()
    assert "earlier runs: 1 to 2" in done.err.decode()


def test_the_coverage_list(store: Path, tmp_path: Path) -> None:
    done = _report(store, "--coverage", cwd=tmp_path)
    assert (done.code, _lines(done)) == (0, ["/org/two: not scanned since run 1 (2026-03-01)"])
    with SweepStore(str(store), create=True) as opened:
        run = opened.begin(day(4), DIGEST)
        opened.skip(run, "https://git.example.org/three.git", f"it is gone \x1b {_KEY}")
        opened.put(run, look("two", gaps=("a.7z", "b.7z")), None, "")
    done = _report(store, "--coverage", "--report", "json:gaps.json", cwd=tmp_path)
    assert done.code == 3
    assert _lines(done) == [
        "/org/two: too large (2)",
        f"https://git.example.org/three.git: it is gone \\x1b {_masked(_KEY)}",
        "run 4: did not finish: some targets may be missing",
        "/org/one: not scanned since run 3 (2026-03-03)",
    ]
    gaps = json.loads((tmp_path / "gaps.json").read_bytes())
    assert gaps[0] == {
        "target": "/org/two",
        "kind": "repository",
        "remote": "https://git.example.org/org/two.git",
        "run": 4,
        "at": day(4),
        "complete": False,
        "reason": "too large (2)",
    }
    assert [gap["complete"] for gap in gaps] == [False, False, False, True]


def test_a_coverage_list_of_nothing(tmp_path: Path) -> None:
    file = tmp_path / "s"
    sweep(file, look("one"))
    assert _lines(_report(file, "--coverage", cwd=tmp_path)) == ["Every target was fully scanned"]
    assert _report(file, "--coverage", "-q", cwd=tmp_path) == Done(0, b"", b"")
    assert json.loads(_report(file, "--coverage", "-q", "-f", "json", cwd=tmp_path).out) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--coverage", "-f", "sarif"), "no such format: sarif"),
        (("--coverage", "--since", "1"), "cannot be combined"),
        (("--link-template", "ftp://{commit}"), "--link-template"),
        (("--link-template", "https://x.example/{comit}"), "unknown placeholder"),
    ],
)
def test_options_that_cannot_be(store: Path, tmp_path: Path, options: tuple[str, ...], words: str) -> None:
    done = _report(store, *options, cwd=tmp_path)
    assert (done.code, done.out) == (2, b"")
    assert words in done.err.decode()


def test_reading_while_a_sweep_writes(store: Path, tmp_path: Path) -> None:
    with SweepStore(str(store), create=True) as opened:
        run = opened.begin(day(4), DIGEST)
        opened.put(run, look("three", found(KEYS[4])), None, "")
        done = _report(store, cwd=tmp_path)
        assert _masked(KEYS[4]) in done.out.decode()
        assert "INCOMPLETE" in _lines(done)[0]


@pytest.mark.parametrize("format_", ["json", "jsonl"])
@pytest.mark.parametrize("command", [("report",), ("baseline", "create"), ("baseline", "update")])
def test_a_number_out_of_range_is_a_mistake_with_a_name(tmp_path: Path, command: tuple[str, ...], format_: str) -> None:
    whole = reports.report(reports.credential(_KEY), command="scan")
    text = render(whole, format_, reports.options(whole))
    text = re.sub(r'("duration_seconds": )[0-9.]+', r"\g<1>1" + "0" * 400, text)
    file = tmp_path / "r"
    file.write_text(text)
    if command[-1] == "update":
        (tmp_path / ".akpatrol-baseline.json").write_text('{"akpatrol_baseline": 1, "entries": []}')
    done = inside(*command, file, cwd=tmp_path)
    assert (done.code, done.out) == (2, b"")
    assert b"scan.duration_seconds: must be" in done.err


def test_the_runs_of_a_store(store: Path, tmp_path: Path) -> None:
    done = _report(store, "--runs", "--report", "json:runs.json", cwd=tmp_path)
    numbers = [line.split()[1] for line in _lines(done)]
    assert (done.code, numbers) == (0, ["3", "2", "1"])
    assert day(2) in _lines(done)[1]
    listed = json.loads((tmp_path / "runs.json").read_text())
    assert [run["id"] for run in listed] == [3, 2, 1]


def test_since_a_date_or_an_age(store: Path, tmp_path: Path) -> None:
    by_number = _report(store, "--since", "1", "-f", "json", cwd=tmp_path)
    for name in (day(1), day(1)[:10] + "T23:00:00Z", "2w"):
        shown = json.loads(_report(store, "--since", name, "-f", "json", cwd=tmp_path).out)
        assert shown["changes"]["since"]["run"] == 1
        assert shown["credentials"] == json.loads(by_number.out)["credentials"]


@pytest.mark.parametrize("name", ["2020-01-01", "99999999999w"])
def test_since_before_the_first_run(store: Path, tmp_path: Path, name: str) -> None:
    done = _report(store, "--since", name, cwd=tmp_path)
    assert done.code == 2
    assert f"no finished run is as old as {name}" in done.err.decode()
    assert "--runs" in done.err.decode()
