"""A sweep over an organization: complete, right, and the second time almost nothing to do."""

from __future__ import annotations

import hashlib
import os
import re
import time
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.pipeline import sweep
from akpatrol.sweep import run as sweep_run
from akpatrol.sweep import signature, work
from akpatrol.sweep.store.store import SweepStore
from tests import organization
from tests.api_server import ApiServer, Member
from tests.organization import same
from tests.program import execute, on_terminal
from tests.repositories import Repository, canary_program

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Result, Run
    from tests.organization import Organization

_REPOSITORIES = 14


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Organization:
    """An organization that tests only read."""
    return organization.make(tmp_path_factory.mktemp("acme") / "org", _REPOSITORIES)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list of targets that are opened, and let files be settled at once."""
    opened: list[str] = []

    def scan_target(spec: work.ScanSpec, target: Any) -> work.TargetResult:
        opened.append(target.root)
        return work.scan_with_reader(spec, target)

    monkeypatch.setattr(work, "scan_target", scan_target)
    monkeypatch.setattr(signature, "SETTLED_NS", 0)
    return opened


@pytest.fixture(scope="module")
def _swept() -> list[tuple[Path, Result]]:
    return []


@pytest.fixture
def swept(
    run: Run, acme: Organization, tmp_path_factory: pytest.TempPathFactory, _swept: list[tuple[Path, Result]]
) -> tuple[Path, Result]:
    """A store that tests only read, and the sweep that made it."""
    if not _swept:
        store = tmp_path_factory.mktemp("swept") / "store"
        _swept.append((store, run("sweep", acme.root, "--store", store, "--jobs", "1")))
    return _swept[0]


def gaps(acme: Organization, result: Result) -> set[str]:
    """Return the targets of which something was not read."""
    return {acme.name(skip["item"].partition(": ")[0]) for skip in result.skipped}


def test_every_credential_is_told_in_every_place(acme: Organization, swept: tuple[Path, Result]) -> None:
    """With its target, path, state and the commit that brought it; and nothing else is."""
    file, result = swept
    assert result.code == 1
    assert acme.found(result.json) == acme.expected
    roots = {acme.name(one["path"]) for one in result.json["scan"]["targets"] if one["kind"] == "repository"}
    assert roots == set(acme.repositories)
    assert gaps(acme, result) == acme.gaps
    assert all(skip["reason"] for skip in result.skipped)
    assert f"{_REPOSITORIES + 1} targets: {_REPOSITORIES + 1} read, 0 unchanged, 2 not fully read" in result.err
    with SweepStore(str(file), create=False) as store:
        assert {acme.name(gap.target) for gap in store.gaps()} == acme.gaps


@pytest.mark.parametrize(
    ("name", "code"), [("odd/empty", 0), ("odd/broken", 1), ("odd/nothing", 2), ("odd/shallow/objects", 1)]
)
def test_exit_codes(run: Run, acme: Organization, tmp_path: Path, name: str, code: int) -> None:
    assert run("sweep", acme.root / name, "--store", tmp_path / "store", "--jobs", "1").code == code
    assert (tmp_path / "store").exists() == (code != 2)


def test_what_cannot_be_read_alone_is_code_three(run: Run, acme: Organization, tmp_path: Path) -> None:
    """Not with the findings, which are allowed to be what it is about."""
    shallow = ("sweep", acme.root / "odd/shallow", "--store", tmp_path / "store", "--jobs", "1")
    assert run(*shallow, "--exit-zero").code == 3
    listed = tmp_path / "list"
    listed.write_text("# all of them\nnowhere\n")
    assert run("sweep", f"@{listed}", "--store", tmp_path / "other").code == 3


@pytest.mark.slow
def test_the_way_it_is_read_changes_nothing(
    run: Run, acme: Organization, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process, in two others, and target by target or in parts, with a memory and without."""
    alone = run("sweep", acme.root, "--store", tmp_path / "alone", "--jobs", "1", "--no-cache")
    monkeypatch.setattr(sweep_run, "_LITTLE_BYTES", 0)
    together = run("sweep", acme.root, "--store", tmp_path / "together", "--jobs", "2")
    undivided = sweep._scan_spec
    monkeypatch.setattr(sweep, "_scan_spec", lambda *how: undivided(*how)._replace(part_bytes=200))
    large = run("sweep", acme.root, "--store", tmp_path / "large", "--jobs", "2")
    assert same(alone.json) == same(together.json) == same(large.json)
    assert (alone.code, together.code, large.code) == (1, 1, 1)


@pytest.mark.slow
def test_a_second_sweep_opens_only_what_could_not_be_read(run: Run, tmp_path: Path, read: list[str], key: str) -> None:
    """And after one commit in one repository only that is read besides."""
    own = organization.make(tmp_path / "org", 12)
    sweep = ("sweep", own.root, "--store", tmp_path / "store", "--jobs", "1")
    time.sleep(0.01)  # what was written at this moment may be written again
    first = run(*sweep)
    read.clear()
    second = run(*sweep)
    assert {own.name(root) for root in read} == own.gaps
    assert same(second.json) == same(first.json)
    assert "13 targets: 2 read, 11 unchanged" in second.err
    place = organization.grow(own, "odd/huge", key)
    read.clear()
    third = run(*sweep)
    assert {own.name(root) for root in read} == {"odd/huge", *own.gaps}
    assert own.found(third.json) == own._replace(places=own.places | {place}).expected


def test_other_options_make_a_sweep_read_all_again(run: Run, tmp_path: Path, read: list[str], key: str) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a").write_text(f"KEY={key}\n")
    sweep = ("sweep", tmp_path / "tree", "--store", tmp_path / "store", "--jobs", "1")
    time.sleep(0.01)
    assert run(*sweep).code == 1
    assert run(*sweep, "--exclude", "a").json["credentials"] == []
    assert len(run(*sweep, "--no-cache").found(key)) == 1
    read.clear()
    assert run(*sweep).code == 1
    assert read == []


def test_two_sweeps_on_one_store(run: Run, acme: Organization, tmp_path: Path) -> None:
    """The second is refused, learns who holds the store, and breaks nothing."""
    file = tmp_path / "store"
    with SweepStore(str(file), create=True):
        second = run("sweep", acme.root / "odd/empty", "--store", file)
    assert second.code == 2
    assert f"process {os.getpid()}" in second.err
    assert run("sweep", acme.root / "odd/empty", "--store", file).code == 0


def test_nothing_in_a_target_configures_the_sweep(run: Run, repo: Repository, tmp_path: Path, key: str) -> None:
    """Not from its configuration, nor by a comment, nor by git's; and not when started there."""
    program, canary = canary_program(tmp_path / "programs")
    repo.write(".akpatrol.toml", 'exclude = ["**"]\nmin_confidence = "high"\n')
    repo.write("pyproject.toml", '[tool.akpatrol]\nexclude = ["**"]\n')
    repo.write(".gitattributes", "* filter=evil diff=evil\n")
    repo.commit_file("a", f"# akpatrol:allow it is an example\nKEY={key}  # akpatrol:allow an example\n")
    for name in ("core.fsmonitor", "filter.evil.clean", "diff.evil.textconv", "diff.external", "core.sshCommand"):
        repo.git("config", name, str(program))
    for hook in ("post-checkout", "pre-auto-gc", "reference-transaction"):
        (repo.git_dir / "hooks" / hook).write_bytes(program.read_bytes())
        (repo.git_dir / "hooks" / hook).chmod(0o755)
    result = run("sweep", ".", "--store", tmp_path / "store", "--jobs", "1", cwd=repo.path)
    assert {place["state"] for place in result.found(key)} == {"present", "worktree"}
    assert result.json["credentials"][0]["allowed"] is None
    assert result.excluded.get("exclude_option", 0) == 0
    assert not canary.exists()


@pytest.mark.slow
def test_raw_secrets_are_nowhere(acme: Organization, tmp_path: Path) -> None:
    """Not in the store, the caches, the reports or on a terminal, in any mode and verbosity."""
    for jobs in ("1", "2"):
        done = execute(
            *("sweep", acme.root, "--store", tmp_path / f"store{jobs}", "--jobs", jobs, "-vv", "--progress"),
            *("--report", f"json:{tmp_path / 'report'}", "--report", f"sarif:{tmp_path / 'sarif'}"),
            variables={"XDG_CACHE_HOME": str(tmp_path / f"cache{jobs}")},
        )
        assert done.code == 1
        (tmp_path / f"written{jobs}").write_bytes(done.written)
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {"store1", "store2", "report", "sarif", "written1", "read.sqlite3"} <= {file.name for file in files}
    for file in files:
        content = file.read_bytes()
        for secret in acme.secrets:
            assert secret.encode() not in content, file.name
            assert secret.partition("_")[2].rpartition(".")[2].encode() not in content, file.name


def test_targets_are_looked_at_once(run: Run, acme: Organization, tmp_path: Path) -> None:
    """However they are named: twice, relatively, by a link, in a list, and as part of another."""
    (tmp_path / "link").symlink_to(acme.root / "odd/outer")
    (tmp_path / "list").write_text(f"{acme.root}/odd/outer/\n\n")
    result = run("sweep", "link", acme.root / "odd/outer", "./link", "@list", "link/vendor/inner", cwd=tmp_path)
    told = sorted((one["kind"], acme.name(one["path"])) for one in result.json["scan"]["targets"])
    inner = "odd/outer/vendor/inner"
    # What is named by itself inside of another is looked at by itself, too.
    assert told == [
        ("directory", "odd/outer"),
        ("directory", inner),
        ("repository", "odd/outer"),
        ("repository", inner),
    ]


def test_a_target_that_vanishes_is_a_skip(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """Between its being listed and its being read; the others go on."""
    for name in ("a", "b"):
        repo = Repository(tmp_path / "org" / name, "--bare")
        (repo.path / "description").write_text(f"KEY={key}\n")

    def scan_target(spec: work.ScanSpec, target: Any) -> work.TargetResult:
        if target.root.endswith("/a"):
            (tmp_path / "org" / "a").rename(tmp_path / "gone")
        return work.scan_with_reader(spec, target)

    monkeypatch.setattr(work, "scan_target", scan_target)
    sweep = ("sweep", tmp_path / "org", "--store", tmp_path / "store", "--jobs", "1")
    result = run(*sweep)
    assert [(skip["item"], skip["reason"]) for skip in result.skipped] == [
        (str(tmp_path / "org" / "a"), "no longer a git repository")
    ]
    assert len(result.found(key)) == 1
    assert result.code == 1


def test_odd_names_cannot_steer_a_terminal(run: Run, tmp_path: Path, key: str) -> None:
    odd = os.fsdecode(b"new\nline \x1b[31m \xff")
    (tmp_path / odd).mkdir()
    (tmp_path / odd / "a").write_text(f"KEY={key}\n")
    result = run("sweep", tmp_path / odd, "--store", tmp_path / "store", "--jobs", "1", "--report", "text:-")
    assert "\x1b[31m" not in result.err + result.out
    assert "new\\nline" in result.err
    assert result.code == 1
    assert len(result.found(key)) == 1


@pytest.mark.parametrize("where", [".", "missing/store", "text"])
def test_a_store_that_cannot_be_one(run: Run, acme: Organization, tmp_path: Path, where: str) -> None:
    (tmp_path / "text").write_text("my notes\n")
    result = run("sweep", acme.root / "odd/empty", "--store", where, cwd=tmp_path)
    assert result.code == 2
    assert "bug" not in result.err
    assert (tmp_path / "text").read_text() == "my notes\n"


def test_each_credential_is_asked_about_once(
    run: Run, acme: Organization, serve: Callable[..., ApiServer], bundle: str, tmp_path: Path
) -> None:
    """Over all targets; the store and a later report have the answers."""
    keys = sorted(secret for secret in acme.secrets if secret.startswith("ak_"))
    live, dead = set(keys[::2]), set(keys[1::2])
    server = serve(members=dict.fromkeys(live, Member()))
    store = tmp_path / "store"
    asking = ("--verify", "--no-scopes", "--api-url", server.url, "--ca-bundle", bundle, "--verify-rps", "500")
    result = run("sweep", acme.root, "--store", store, "--jobs", "1", *asking)
    assert {secret: len(server.of(secret)) for secret in keys} == dict.fromkeys(keys, 1)
    assert not [one for one in server.log if one.credential.startswith("pat_")]
    assert statuses(result.json) == answers(live, dead)
    assert statuses(run("report", store).json) == answers(live, dead)
    # Without --verify nobody is asked, and what was answered stays known.
    before = len(server.log)
    again = run("sweep", acme.root, "--store", store, "--jobs", "1")
    assert statuses(again.json) == answers(live, dead)
    assert len(server.log) == before
    content = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.is_file())
    assert not [secret for secret in keys if secret.encode() in content]


def statuses(report: dict[str, Any]) -> dict[str, str]:
    """Return what is known of the keys, by their digests."""
    known = {one["secret_sha256"]: one["verification"] for one in report["credentials"] if one["key_id"]}
    return {digest: answer["status"] for digest, answer in known.items()}


def answers(live: set[str], dead: set[str]) -> dict[str, str]:
    told = dict.fromkeys(live, "active") | dict.fromkeys(dead, "inactive")
    return {hashlib.sha256(secret.encode()).hexdigest(): status for secret, status in told.items()}


@pytest.mark.slow
def test_on_a_terminal_of_eighty_columns(acme: Organization, tmp_path: Path) -> None:
    """One bar that is gone at the end, and a table that fits."""

    variables = {"COLUMNS": "80", "TERM": "xterm-256color"}
    done = on_terminal("sweep", acme.root, "--store", tmp_path / "store", "--jobs", "1", variables=variables)
    assert done.code == 1
    shown = done.err.decode()
    table = shown[shown.index("┏") :].splitlines()
    assert max(len(_plain(line)) for line in table) <= 80
    assert "targets" in shown
    assert _plain(shown).count("not fully read") == 1


@pytest.mark.slow
@pytest.mark.parametrize("columns", [40, 80, 120])
def test_a_sweeps_bar_is_one_line_and_not_cut_off(acme: Organization, tmp_path: Path, columns: int) -> None:
    variables = {"COLUMNS": str(columns), "TERM": "xterm-256color"}
    done = on_terminal(
        "sweep",
        acme.root,
        "--store",
        tmp_path / "store",
        "--jobs",
        "1",
        "-q",
        terminals=["stderr"],
        variables=variables,
    )
    drawn = done.err.decode().partition("not fully read")[0]
    frames = [_plain(frame) for frame in re.split(r"\r\x1b\[2K", drawn) if "━" in frame]
    assert frames
    assert not any("…" in frame or "\n" in frame.strip() for frame in frames[:-1]), frames


def _plain(text: str) -> str:

    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def test_a_store_is_read_back_as_it_was_told(run: Run, acme: Organization, swept: tuple[Path, Result]) -> None:
    store, sweep = swept
    assert same(run("report", store).json) == same(sweep.json)
    coverage = run("report", store, "--coverage")
    assert coverage.code == 3
    gaps_: Any = coverage.json
    assert {acme.name(one["target"]) for one in gaps_} == acme.gaps


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_what_the_callers_configuration_accepts_is_no_gap(run: Run, tmp_path: Path, jobs: str) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "broken.zip").write_bytes(b"PK\x03\x04" + bytes(60))
    (tmp_path / "own.toml").write_text('[[accept_skip]]\npath = "*.zip"\nreason = "cut on purpose"\n')
    sweep = ("sweep", tmp_path / "tree", "--store", tmp_path / "store", "--jobs", jobs)
    assert (run(*sweep).code, run(*sweep, "--config", tmp_path / "own.toml").code, run(*sweep).code) == (3, 0, 3)
