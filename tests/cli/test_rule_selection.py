"""``--only-rules`` and ``--skip-rule``: what is not searched for is named, and no change switches off a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.test_baseline import baseline, names

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run
    from tests.repositories import Repository

_KEY_RULE, _TOKEN_RULE = "anyreach-organization-key", "anyreach-personal-access-token"
_ACME = "[[rules]]\nid = 'acme'\nregex = 'acme_[0-9a-f]{20}'\n"
_ACME_TOKEN = "acme_" + "0123456789abcdef0123"


def test_only_and_skip(run: Run, tmp_path: Path, key: str) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(_ACME)
    (tmp_path / "f").write_text(f"{key}\n{_ACME_TOKEN}\n")
    all_rules = [_KEY_RULE, _TOKEN_RULE, "acme"]
    for flags, found in (
        ([], {_KEY_RULE, "acme"}),
        (["--only-rules", "acme"], {"acme"}),
        (["--only-rules", "acme", "--only-rules", "*-key"], {"acme", _KEY_RULE}),
        (["--skip-rule", "acme"], {_KEY_RULE}),
        (["--only-rules", "a*", "--skip-rule", "any*"], {"acme"}),
    ):
        result = run("scan", "f", "--rules", rules, *flags, cwd=tmp_path)
        assert {credential["rule_ids"][0] for credential in result.json["credentials"]} == found, flags
        off = result.json["coverage"]["unsearched_rules"]
        assert set(all_rules) - set(off) >= found
        assert [name for name in all_rules if name in off] == off
        assert bool(off) is bool(flags)


def test_nothing_looks_clean_that_was_not_searched_for(run: Run, tmp_path: Path, key: str) -> None:
    """The verdict names the rules; one of ours that is off is also a notice, which every format and --quiet show."""
    (tmp_path / "f").write_text(key)
    result = run(
        "scan", "--skip-rule", _KEY_RULE, "--report", "text:out.txt", "--report", "sarif:out.sarif", cwd=tmp_path
    )
    assert (result.code, result.json["coverage"]["unsearched_rules"]) == (0, [_KEY_RULE])
    assert any(_KEY_RULE in notice and "--skip-rule" in notice for notice in result.json["notices"])
    verdict = (tmp_path / "out.txt").read_text().splitlines()[0]
    assert verdict == f"No credentials found; not searched for: {_KEY_RULE}"
    assert f"not searched for: {_KEY_RULE}" in (tmp_path / "out.sarif").read_text()
    assert run("scan", "-q", "--skip-rule", _KEY_RULE, cwd=tmp_path).json["notices"]
    assert result.complete


def test_a_cached_result_of_fewer_rules_does_not_count(run: Run, repo: Repository, key: str) -> None:
    repo.commit_file("f", key)
    assert run("history", repo.path, "--skip-rule", "*-key").code == 0
    assert run("history", repo.path).found(key)
    assert run("history", repo.path, "--skip-rule", "*-key").code == 0


def test_in_a_configuration(run: Run, repo: Repository, key: str) -> None:
    """A flag takes precedence over the key; a mistake names the file."""
    repo.commit_file("f", key)
    repo.write(".akpatrol.toml", "skip_rule = ['*-key']\n")
    result = run("scan", cwd=repo.path)
    assert (result.code, result.json["coverage"]["unsearched_rules"]) == (0, [_KEY_RULE])
    assert ".akpatrol.toml: skip_rule" in result.json["notices"][0]
    assert run("scan", "--skip-rule", "*-token", cwd=repo.path).found(key)
    repo.write(".akpatrol.toml", "only_rules = ['anyreach-organization-kay']\n")
    result = run("scan", cwd=repo.path)
    assert result.code == 2
    assert ".akpatrol.toml: only_rules: anyreach-organization-kay matches no rule" in result.err
    assert f"did you mean {_KEY_RULE}?" in result.err


@pytest.mark.parametrize("content", ["skip_rule = ['*-key']", "only_rules = ['*-token']", "skip_rule = ['none']"])
def test_a_change_does_not_switch_rules_off(run: Run, repo: Repository, key: str, content: str) -> None:
    repo.commit_file("readme", "x\n")
    repo.git("update-ref", "refs/remotes/origin/main", "main")
    repo.write(".akpatrol.toml", f"{content}\n")
    repo.commit_file("f", key)
    result = run("history", "--range", "origin/main..HEAD", cwd=repo.path)
    assert result.found(key)
    assert result.json["coverage"]["unsearched_rules"] == []
    would_stop_every_scan = any("none matches no rule" in notice for notice in result.json["notices"])
    assert would_stop_every_scan is ("none" in content)


def test_baseline_keeps_what_was_not_searched_for(run: Run, repo: Repository, key: str) -> None:
    repo.commit_file("f", key)
    baseline(repo, "create")
    known = names(repo)
    done = baseline(repo, "update", "--skip-rule", "*-key")
    assert "not searched for" in str(done)
    assert names(repo) == known
    stale = run("history", "--skip-rule", "*-key", cwd=repo.path).json["stale"]
    assert stale == []
