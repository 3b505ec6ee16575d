"""``history --range``: policy comes from the range's base, so that a change cannot allow itself anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.test_baseline import NAME, baseline, fingerprint, names

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Result, Run
    from tests.repositories import Repository

    NewKey = Callable[[], str]

CONFIGURATION = ".akpatrol.toml"


@pytest.fixture
def base(repo: Repository) -> Repository:
    """A repository with a commit on main, which a remote has too, and a topic branch checked out."""
    repo.commit_file("readme", "x\n")
    return repo


def _publish(repo: Repository) -> None:
    repo.git("update-ref", "refs/remotes/origin/main", "main")
    repo.git("checkout", "-q", "-B", "topic")


def _range(run: Run, repo: Repository, *more: str | Path) -> Result:
    return run("history", "--range", "origin/main..HEAD", *more, cwd=repo.path)


def test_a_change_that_adds_its_own_allowance_changes_nothing(run: Run, base: Repository, key: str) -> None:
    _publish(base)
    base.write(CONFIGURATION, f"[[allow]]\nfingerprint = '{fingerprint(key)}'\nreason = 'trust me'\n")
    base.commit_file("f", key)
    assert _range(run, base).code == 1
    assert run("history", base.path).code == 0


def test_a_change_that_edits_the_baseline_changes_nothing(run: Run, base: Repository, new_key: NewKey) -> None:
    base.commit_file("old", old := new_key())
    baseline(base, "create")
    base.commit()
    _publish(base)
    base.commit_file("f", new := new_key())
    base.commit_file("moved", old)
    baseline(base, "update")
    base.commit()
    assert fingerprint(new) in names(base)
    for more in ((), ("--baseline", NAME), ("--baseline", base.path / NAME)):
        result = _range(run, base, *more)
        assert result.json["summary"]["findings"] == 1
        assert result.found(old)
        assert result.found(new)


@pytest.mark.parametrize(
    "content",
    ["exclude = ['f']", "exclude = ['*']", "min_confidence = 'high'", "[[allow]]\npath = 'f'\nreason = 'x'",
     "baseline = 'missing.json'", "extends = 'mine.toml'", "not TOML [", "colour = 'red'"],
)  # fmt: skip
@pytest.mark.parametrize("file", [CONFIGURATION, "pyproject.toml"])
def test_a_change_that_edits_the_configuration_changes_nothing(
    run: Run, base: Repository, key: str, file: str, content: str
) -> None:
    _publish(base)
    if file == "pyproject.toml":
        content = "[tool.akpatrol]\n" + content.replace("[[allow]]", "[[tool.akpatrol.allow]]")
    base.write("mine.toml", "exclude = ['f']\n")
    base.write(file, content)
    base.commit_file("f", f"x {key}")
    result = _range(run, base)
    assert (result.code, result.json["summary"]["findings"]) == (1, 1), result.err
    is_wrong = any(word in content for word in ("not TOML", "colour", "baseline", "*"))
    assert any("once it is merged, is invalid" in notice for notice in result.json["notices"]) == is_wrong
    assert _range(run, base, "--config", file).found(key)


def test_a_change_that_removes_policy_changes_nothing(run: Run, base: Repository, key: str) -> None:
    base.write(CONFIGURATION, f"[[allow]]\nfingerprint = '{fingerprint(key)}'\nreason = 'a fixture'\n")
    base.commit()
    _publish(base)
    base.git("rm", "-q", CONFIGURATION)
    base.commit_file("f", key)
    result = _range(run, base)
    assert result.code == 0
    where = result.json["credentials"][0]["allowed"]["where"]
    assert where == f"{base.id('origin/main')[:12]}:{CONFIGURATION}"


def test_rules_and_what_is_extended_come_from_the_base(run: Run, base: Repository, key: str) -> None:
    base.write("security/rules.toml", "[[rules]]\nid = 'acme'\nregex = 'acme_[0-9a-f]{20}'\n")
    base.write("security/base.toml", "rules = ['rules.toml']\nexclude = ['vendor/']\n")
    base.write(CONFIGURATION, "extends = 'security/base.toml'\n")
    base.commit()
    _publish(base)
    base.write("security/rules.toml", "[[rules]]\nid = 'acme'\nregex = 'never'\n")
    base.write("security/base.toml", "exclude = ['*']\n")
    base.write("vendor/f", key)
    base.commit_file("f", secret := "acme_" + "0123456789abcdef0123")
    result = _range(run, base)
    assert result.found(secret)
    assert not result.found(key)
    assert _range(run, base, "--rules", "security/rules.toml", "--config", "/dev/null").found(secret)


def test_inline_that_the_range_adds_does_not_count_and_is_listed(run: Run, base: Repository, key: str) -> None:
    _publish(base)
    base.commit_file("f.py", f"x = '{key}'  # akpatrol:allow trust me\n")
    result = _range(run, base)
    assert result.code == 1
    (notice,) = result.json["notices"]
    assert "f.py:1" in notice
    assert "trust me" in notice
    assert key not in notice


def test_inline_that_the_base_has_counts_wherever_the_line_goes(run: Run, base: Repository, key: str) -> None:
    base.commit_file("f.py", f"x = '{key}'  # akpatrol:allow a fixture\n")
    _publish(base)
    base.commit_file("f.py", f"# moved down\n\nx = '{key}'  # akpatrol:allow a fixture\n")
    base.git("mv", "f.py", "g.py")
    base.commit()
    result = _range(run, base)
    assert (result.code, result.json["notices"]) == (0, [])
    base.commit_file("h.py", f"x = '{key}'\n")
    assert _range(run, base).code == 1


def test_a_new_secret_on_an_allowed_line_fires(run: Run, base: Repository, new_key: NewKey) -> None:
    base.commit_file("f.py", f"x = '{new_key()}'  # akpatrol:allow a fixture\n")
    _publish(base)
    base.commit_file("f.py", f"x = '{new_key()}'  # akpatrol:allow a fixture\n")
    result = _range(run, base)
    assert result.code == 1
    assert "the range itself adds it" in result.json["notices"][0]


def test_three_dots_use_the_merge_base(run: Run, base: Repository, key: str) -> None:
    base.write(CONFIGURATION, f"[[allow]]\nfingerprint = '{fingerprint(key)}'\nreason = 'a fixture'\n")
    base.commit()
    _publish(base)
    base.remove(CONFIGURATION)
    base.commit_file("f", key)
    assert run("history", "--range", "origin/main...HEAD", base.path).code == 0


def test_a_new_branch_uses_the_merge_base_with_the_default_branch(run: Run, base: Repository, key: str) -> None:
    base.write(CONFIGURATION, f"[[allow]]\nfingerprint = '{fingerprint(key)}'\nreason = 'a fixture'\n")
    base.commit()
    base.git("update-ref", "refs/remotes/origin/other", "HEAD~1")
    _publish(base)
    base.remove(CONFIGURATION)
    base.commit_file("f", key)
    for wanted in ("auto", f"{'0' * 40}..HEAD"):
        assert run("history", "--range", wanted, base.path).code == 0, wanted


def test_without_a_base_no_policy_of_the_tree_is_in_force(run: Run, base: Repository, key: str) -> None:
    base.write(CONFIGURATION, f"[[allow]]\nfingerprint = '{fingerprint(key)}'\nreason = 'a fixture'\n")
    base.commit_file("f", key)
    result = run("history", "--range", "auto", base.path)
    assert result.code == 1
    assert CONFIGURATION in result.json["notices"][0]
    outside = base.path.parent / "central.toml"
    outside.write_text((base.path / CONFIGURATION).read_text())
    assert run("history", "--range", "auto", "--config", outside, base.path).code == 0


def test_what_the_caller_names_in_the_checkout_and_the_base_has_not(run: Run, base: Repository, key: str) -> None:
    _publish(base)
    base.write("c.toml", f"[[allow]]\nfingerprint = '{fingerprint(key)}'\nreason = 'a fixture'\n")
    base.write("b.json", '{"akpatrol_baseline": 1, "entries": []}')
    base.commit_file("f", key)
    result = _range(run, base, "--config", "c.toml", "--baseline", "b.json")
    assert result.code == 1
    assert [word in " ".join(result.json["notices"]) for word in ("--config c.toml", "b.json")] == [True, True]


def test_links_of_the_base_are_refused(run: Run, base: Repository, key: str) -> None:
    (base.path / CONFIGURATION).symlink_to("elsewhere.toml")
    base.commit_file("elsewhere.toml", "exclude = ['*']\n")
    _publish(base)
    base.commit_file("f", key)
    result = run("history", "--range", "origin/main..HEAD", base.path)
    assert result.code == 2
    assert "symbolic link" in result.err


def test_a_link_that_the_change_makes_leads_nowhere(run: Run, base: Repository, key: str, tmp_path: Path) -> None:
    (tmp_path / "allow.toml").write_text(f"[[allow]]\nfingerprint = '{fingerprint(key)}'\nreason = 'x'\n")
    base.commit_file("c.toml", "")
    _publish(base)
    (base.path / "c.toml").unlink()
    (base.path / "c.toml").symlink_to(tmp_path / "allow.toml")
    base.commit_file("f", key)
    assert _range(run, base, "--config", "c.toml").code == 1


@pytest.mark.parametrize(
    "content",
    ["api_url = 'https://evil.example'", "org = 'x'", "ca_bundle = 'x'", "verify = true", "verify_rps = 9",
     "send_unattributed = true", "no_scopes = true", "inventory = 'x'", "fail_on = 'live'", "show_secrets = true",
     "exit_zero = true", "no_allow = true", "fail_on_stale = true", "output = 'x'", "report = ['x']", "format = 'json'",
     "store = 'x'", "hashes = 'x'", "jobs = 64", "cache = 'x'", "no_cache = true", "config = 'x'", "quiet = true",
     "rules = ['/etc/passwd']", "baseline = '/etc/passwd'", "extends = '/etc/passwd'", "extends = '../x'"],
)  # fmt: skip
@pytest.mark.parametrize("command", ["scan", "history", "staged"])
def test_a_hostile_configuration(
    run: Run, repo: Repository, key: str, command: str, content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 2, before anything is read or sent: a socket is an error."""

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("a socket")

    monkeypatch.setattr("socket.socket", forbidden)
    repo.write(CONFIGURATION, content)
    repo.write("f", key)
    result = run(command, cwd=repo.path)
    assert (result.code, result.json) == (2, {})
    assert content.partition(" ")[0] in result.err


def test_extends(run: Run, repo: Repository, new_key: NewKey) -> None:
    one, two, three = new_key(), new_key(), new_key()
    repo.write("central/base.toml", "extends = 'deeper.toml'\nexclude = ['one']\nmin_confidence = 'high'\n")
    repo.write("central/deeper.toml", "exclude = ['sub/two']\n")
    repo.write(CONFIGURATION, "extends = 'central/base.toml'\nmin_confidence = 'low'\nexclude = ['*.lock']\n")
    for name, secret in (("one", one), ("sub/two", two), ("three", three)):
        repo.write(name, secret)
    result = run("scan", repo.path)
    assert [bool(result.found(secret)) for secret in (one, two, three)] == [False, False, True]
    repo.write("central/deeper.toml", "extends = '../.akpatrol.toml'\n")
    assert "cycle" in run("scan", repo.path).err
    for number in range(10):
        repo.write(f"c{number}.toml", f"extends = 'c{number + 1}.toml'\n")
    repo.write(CONFIGURATION, "extends = 'c0.toml'\n")
    assert "more than 5" in run("scan", repo.path).err
    repo.write(CONFIGURATION, "extends = 'missing.toml'\n")
    assert "missing.toml" in run("scan", repo.path).err


def test_a_central_file_that_the_caller_names(run: Run, repo: Repository, tmp_path: Path, key: str) -> None:
    (tmp_path / "central.toml").write_text("extends = 'team.toml'\n")
    (tmp_path / "team.toml").write_text("exclude = ['f']\nshow_secrets = false\n")
    repo.write("f", key)
    assert run("scan", repo.path, "--config", tmp_path / "central.toml").excluded["exclude_option"] == 1
