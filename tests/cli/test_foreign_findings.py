"""Findings of users' rules: what they are called, how severe they are, what is shown of them, where they are sought."""

from __future__ import annotations

import json
import re
from random import Random
from typing import TYPE_CHECKING

import pytest

from akpatrol.report import FORMATS
from tests.credentials import random_text
from tests.program import inside

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run
    from tests.repositories import Repository

_RULES = r"""
[[rules]]
id = "acme-token"
description = "Identified an Acme token, which opens every door."
regex = '''\bacme_[0-9a-z]{24}\b'''
keywords = ["acme_"]
tags = ["acme", "door"]
[[rules]]
id = "corp-key"
description = "found a Corp key"
regex = '''(?i)corp[\w.-]{0,10}\s*=\s*["']?([a-z0-9]{32})'''
keywords = ["corp"]
[[rules]]
id = "generic-api-key"
regex = '''(?i)(?:token|secret)\s*[:=]\s*"?([a-z0-9]{20,})'''
keywords = ["token", "secret"]
[[rules]]
id = "hex"
regex = '''\b[0-9a-f]{40}\b'''
entropy = 3
"""
_ACME = "acme_" + random_text(Random(1), "lower", 24)
_CORP = random_text(Random(2), "lower", 32)
_OTHER = random_text(Random(3), "lower", 30)
_DIGEST = random_text(Random(4), "hex", 40)
_TREE = f'{_ACME}\ncorp_key =\n  "{_CORP}"\nsecret: {_OTHER}\n{_DIGEST}\n'


@pytest.fixture
def rules(tmp_path: Path) -> list[str]:
    (tmp_path / "rules.toml").write_text(_RULES)
    return ["--rules", str(tmp_path / "rules.toml")]


def test_title_severity_tags_and_mask(run: Run, tmp_path: Path, rules: list[str]) -> None:
    (tmp_path / "f").write_text(_TREE)
    names = ("rule_ids", "title", "severity", "tags", "redacted")
    found = {
        tuple(map(str, (one[name] for name in names)))
        for one in run("scan", tmp_path / "f", *rules).json["credentials"]
    }
    assert found == {
        (
            "['acme-token']",
            "Identified an Acme token, which opens every door.",
            "high",
            "['acme', 'door']",
            "acme_***(29)",
        ),
        ("['corp-key']", "found a Corp key", "medium", "[]", "***(32)"),
        ("['generic-api-key']", "generic-api-key", "low", "[]", "***(30)"),
        ("['hex']", "hex", "low", "[]", "***(40)"),
    }


def test_the_rule_file_decides_how_severe(run: Run, tmp_path: Path, rules: list[str]) -> None:
    own = "[akpatrol.rules.hex]\nseverity = 'critical'\n[akpatrol.rules.acme-token]\nseverity = 'low'\n"
    (tmp_path / "rules.toml").write_text(_RULES + own)
    (tmp_path / "f").write_text(_TREE)
    found = {one["rule_ids"][0]: one["severity"] for one in run("scan", tmp_path / "f", *rules).json["credentials"]}
    assert (found["hex"], found["acme-token"], found["corp-key"]) == ("critical", "low", "medium")


@pytest.mark.parametrize("format_", FORMATS)
def test_no_format_speaks_of_anyreach(tmp_path: Path, rules: list[str], format_: str) -> None:
    """Neither its pages nor its API; SARIF always has the rules for Anyreach's own credentials, too."""
    (tmp_path / "f").write_text(_TREE)
    told = inside("scan", "f", *rules, "-f", format_, "-v", cwd=tmp_path).out.decode()
    assert "acme_***(29)" in told or "acme&#95;&#42;&#42;&#42;&#40;29&#41;" in told
    if format_ == "sarif":
        document = json.loads(told)
        driver = document["runs"][0]["tool"]["driver"]
        driver["rules"] = [rule for rule in driver["rules"] if not rule["id"].startswith("anyreach-")]
        told = json.dumps(document)
    assert not re.search(r"anyreach|api-keys|account/tokens|akpatrol verify|the API", told, re.IGNORECASE)
    for secret in (_ACME, _CORP, _OTHER, _DIGEST):
        assert secret not in told
        assert secret.removeprefix("acme_")[:7] not in told


def test_sentences_of_sarif(tmp_path: Path, rules: list[str]) -> None:
    (tmp_path / "f").write_text(_TREE)
    (one,) = json.loads(inside("scan", "f", *rules, "-f", "sarif", cwd=tmp_path).out)["runs"]
    descriptors = {rule["id"]: rule for rule in one["tool"]["driver"]["rules"]}
    acme = descriptors["acme-token"]
    assert acme["shortDescription"]["text"] == "Identified an Acme token, which opens every door."
    assert acme["properties"]["tags"][-2:] == ["acme", "door"]
    assert acme["help"]["text"].startswith("What to do: 1. Revoke it where it was issued. 2. Replace it wherever")
    assert (acme["properties"]["security-severity"], acme["defaultConfiguration"]["level"]) == ("8.0", "error")
    assert descriptors["corp-key"]["fullDescription"]["text"] == "Found a Corp key."
    assert descriptors["hex"]["shortDescription"]["text"] == "Credential found by hex."
    messages = {result["ruleId"]: result["message"]["text"] for result in one["results"]}
    assert messages["acme-token"] == (
        "Identified an Acme token, which opens every door. "
        "Rule acme-token found acme_***(29) at f:1:1: in the file now. "
        "Medium confidence, of unknown issuer, not verified. Revoke it now where it was issued, then replace it where "
        "it is used, then remove it from the file."
    )
    assert messages["hex"].startswith("Credential found by hex ***(40) at f:5:1: in the file now. ")
    texts = [*messages.values()]
    for rule in one["tool"]["driver"]["rules"]:
        texts += [rule["shortDescription"]["text"], rule["fullDescription"]["text"], rule["help"]["text"]]
    for text in texts:
        assert text[0].isupper()
        assert text.endswith(".")
        assert not re.search(r"\b(\w+) \1\b|\.\.|  ", text)


def test_the_text_names_the_rule_beside_its_description(tmp_path: Path, rules: list[str]) -> None:
    (tmp_path / "f").write_text(_ACME)
    told = " ".join(inside("scan", "f", *rules, "-f", "text", cwd=tmp_path).out.decode().split())
    assert "Identified an Acme token, which opens every door (acme-token)" in told
    assert "Next: revoke it now where it was issued, then replace it where it is used" in told


def test_a_stored_report_keeps_titles_and_tags(run: Run, tmp_path: Path, rules: list[str]) -> None:
    """Also where it is rendered without the rules."""
    (tmp_path / "f").write_text(_TREE)
    saved = tmp_path / "r.json"
    before = run("scan", tmp_path / "f", *rules, "--report", f"json:{saved}").json
    for words in ([], rules):
        after = run("report", saved, *words).json
        for name in ("title", "tags", "redacted", "severity"):
            assert [one[name] for one in after["credentials"]] == [one[name] for one in before["credentials"]]
    (one,) = json.loads(inside("report", saved, "-f", "sarif", cwd=tmp_path).out)["runs"]
    descriptors = {rule["id"]: rule for rule in one["tool"]["driver"]["rules"]}
    assert descriptors["acme-token"]["shortDescription"]["text"] == "Identified an Acme token, which opens every door."
    assert descriptors["acme-token"]["properties"]["tags"][-2:] == ["acme", "door"]


def test_a_match_begins_on_a_line_of_its_own(run: Run, rules: list[str], repo: Repository) -> None:
    """As gitleaks counts, which tells where the match begins; from the cache too."""
    repo.write("f", _TREE)
    repo.commit()
    for command, place in (("scan", repo.path / "f"), ("history", repo.path), ("history", repo.path)):
        found = run(command, place, *rules)
        lines = {secret: (found.one(secret)["match_line"], found.one(secret)["line"]) for secret in (_ACME, _CORP)}
        assert lines == {_ACME: (1, 1), _CORP: (2, 3)}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_a_match_in_wide_text(run: Run, tmp_path: Path, rules: list[str], encoding: str) -> None:
    (tmp_path / "f").write_bytes(_TREE.encode(encoding))
    found = run("scan", tmp_path / "f", *rules).one(_CORP)
    assert (found["match_line"], found["line"]) == (2, 3)


@pytest.mark.parametrize("everywhere", ["flag", "configuration", ""])
def test_places(run: Run, repo: Repository, rules: list[str], key: str, everywhere: str) -> None:
    """Foreign rules apply to files and their names, ours everywhere."""
    repo.write(f"{_ACME}.txt", f"corp = {_CORP}\n")
    if everywhere == "configuration":
        repo.write(".akpatrol.toml", "rules_everywhere = true\n")
    repo.commit(f"see {_DIGEST} and {key}")
    repo.git("tag", "-a", "v1", "-m", f"secret: {_OTHER}")
    report = run("history", repo.path, *rules, *["--rules-everywhere"] * (everywhere == "flag")).json
    places = {(one["rule_ids"][0], place["place"]) for one in report["credentials"] for place in one["occurrences"]}
    assert {(rule, place) for rule, place in places if rule.startswith("anyreach-")} == {
        ("anyreach-organization-key", "commit_message"),
        ("anyreach-organization-key", "git_dir"),
    }
    foreign = {(rule, place) for rule, place in places if not rule.startswith("anyreach-")}
    if everywhere:
        assert foreign > {("acme-token", "path"), ("hex", "commit_message"), ("generic-api-key", "tag_message")}
    else:
        assert foreign == {("acme-token", "path"), ("corp-key", "content")}


@pytest.mark.parametrize(("words", "code"), [([], 0), (["--rules-everywhere"], 1)])
def test_a_commit_message(
    run: Run, repo: Repository, tmp_path: Path, rules: list[str], words: list[str], code: int
) -> None:
    (tmp_path / "message").write_text(f"see {_DIGEST}\n")
    assert run("commit-msg", tmp_path / "message", *rules, *words, cwd=repo.path).code == code


def test_a_staged_one_gets_a_variable_of_its_own(repo: Repository, rules: list[str]) -> None:
    repo.write("f.py", f'TOKEN = "{_ACME}"\n')
    repo.git("add", "f.py")
    told = " ".join(inside("staged", *rules, cwd=repo.path).out.decode().split())
    assert 'Instead: os.environ["ACME_TOKEN"], from a secret manager' in told


def test_a_secret_beside_a_known_one_shows_no_character_of_its_own(run: Run, tmp_path: Path, rules: list[str]) -> None:
    neighbour = "gh_" + random_text(Random(5), "base62", 36)
    (tmp_path / "f").write_text(f"{_ACME} {_ACME} {neighbour}\n")
    found = run("scan", tmp_path / "f", *rules).json["credentials"][0]
    assert found["occurrences"][0]["context"] == "acme_***(29) acme_***(29) ***(39)"


def test_a_file_is_found_as_one(run: Run, tmp_path: Path) -> None:
    """What it holds is to be revoked, not the file."""
    (tmp_path / "rules.toml").write_text(
        "[[rules]]\nid = 'p12'\ndescription = 'Found a keystore.'\npath = '[.]p12$'\ntags = ['file']\n"
    )
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/a.p12").write_text("x")
    rules = ["--rules", str(tmp_path / "rules.toml")]
    (found,) = run("scan", tmp_path / "tree", *rules).json["credentials"]
    assert (found["title"], found["severity"], found["tags"]) == ("Found a keystore.", "medium", ["file"])
    assert (found["occurrences"][0]["line"], found["occurrences"][0]["match_line"]) == (None, None)
    assert found["remediation"]["steps"][0] == "Revoke what it holds where that was issued."
    told = inside("scan", tmp_path / "tree", *rules, "-f", "gitlab-codequality").out.decode()
    assert "Found a keystore. Rule p12 found the file at a.p12: in the file now." in told
    assert (
        "Revoke what it holds now where that was issued, then replace it where it is used, then remove the file."
        in told
    )


def test_a_trial_of_rules_masks_as_a_report_does(tmp_path: Path, rules: list[str]) -> None:
    done = inside("rules", "test", rules[1], "-", cwd=tmp_path, stdin=f"{_ACME}\n".encode())
    assert b"acme_***(29)" in done.out
    assert _ACME.encode()[5:9] not in done.out
