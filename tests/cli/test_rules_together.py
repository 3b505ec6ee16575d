"""Several rules for one place: one finding, named by our rule or by the most specific, whatever else is loaded."""

from __future__ import annotations

from base64 import b64encode
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from tests.credentials import random_text
from tests.program import inside

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run
    from tests.repositories import Repository

_GENERIC = r"""
[[rules]]
id = "generic-api-key"
regex = '''(?i)[\w.-]{0,50}?(?:api|token|key)[\w.-]{0,20}[\s'"]{0,3}(?:=|>|:)[\s'"]{0,5}([\w.=-]{10,150})['"]?'''
entropy = 3.5
keywords = ["api", "key", "token"]
"""
_KEYWORD = r"""
[[rules]]
id = "acme-by-name"
regex = '''[0-9a-z_-]{20,80}'''
keywords = ["acme"]
"""
_ACME = r"""
[[rules]]
id = "acme-token"
regex = '''acme_[0-9a-f]{24}'''
keywords = ["acme_"]
"""
_ASSIGNED = r"""
[[rules]]
id = "assigned"
regex = '''\w+ = "[^"]+"'''
"""
_INSIDE = r"""
[[rules]]
id = "inside"
regex = '''\.([0-9A-Za-z]{20,})'''
"""
_EVERY = {"generic": _GENERIC, "assigned": _ASSIGNED, "inside": _INSIDE}
_ACME_TOKEN = "acme_" + random_text(Random(41), "hex", 24)


def _rules(tmp_path: Path, *texts: str) -> list[str]:
    (tmp_path / "r.toml").write_text("".join(texts))
    return ["--rules", str(tmp_path / "r.toml"), "--min-confidence", "low"]


def _one(run: Run, *words: str | Path) -> dict[str, Any]:
    (found,) = run(*words).json["credentials"]
    return found  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "text",
    [
        'ANYREACH_API_KEY="{}"',
        "export API_KEY={}",
        "api-key: {}",
        '{{"apiKey": "{}", "name": "x"}}',
        "  secret_token => '{}',",
        "AUTH_TOKEN := `{}`",
        "x-api-key: Bearer {}",
        "curl -H 'Authorization: Bearer {}' https://example.org",
        "<key>api_key</key><string>{}</string>",
        'password = "{}" # key',
        "access_key\t=\t{}\r",
    ],
)
def test_a_key_of_ours_under_any_name_is_one_finding(run: Run, tmp_path: Path, key: str, text: str) -> None:
    (tmp_path / "f").write_text(f"{text.format(key)}\n")
    rules = _rules(tmp_path, _GENERIC, _ASSIGNED, _INSIDE)
    found = _one(run, "scan", tmp_path / "f", *rules)
    assert (found["kind"], found["rule_ids"][0]) == ("organization_key", "anyreach-organization-key")
    assert found["title"] == "Anyreach organization API key"


@pytest.mark.parametrize("rules", [[name] for name in _EVERY] + [list(_EVERY)], ids="+".join)
def test_a_key_of_ours_is_told_once(run: Run, tmp_path: Path, key: str, rules: list[str]) -> None:
    """The same secret, a part of it, or it with its name and quotes round it; fingerprint and place stay the same."""
    (tmp_path / "f.py").write_text(f'API_KEY = "{key}"\n')
    alone = _one(run, "scan", tmp_path / "f.py")
    found = _one(run, "scan", tmp_path / "f.py", *_rules(tmp_path, *(_EVERY[name] for name in rules)))
    assert found["rule_ids"][0] == "anyreach-organization-key"
    held = {"generic", "assigned"} <= {*rules}  # by the secret of another rule
    assert len(found["rule_ids"]) == 1 + len(rules) - held
    assert found["occurrences"][0]["rule_ids"] == found["rule_ids"]
    for same in ("fingerprint", "kind", "severity", "confidence", "attribution", "key_id"):
        assert found[same] == alone[same]
    assert found["occurrences"][0]["column"] == alone["occurrences"][0]["column"]


def test_a_baseline_holds_whatever_rules_are_loaded(run: Run, tmp_path: Path, repo: Repository, key: str) -> None:
    repo.write("f.py", f'API_KEY = "{key}"\n')
    repo.commit()
    assert inside("baseline", "create", cwd=repo.path).code == 0
    baseline: list[str | Path] = ["--baseline", repo.path / ".akpatrol-baseline.json"]
    for rules in ([], _rules(tmp_path, _GENERIC, _ASSIGNED)):
        (found,) = (one for one in run("history", repo.path, *baseline, *rules).json["credentials"] if one["key_id"])
        assert found["allowed"]
        told = run("scan", repo.path / "f.py", *rules).json["credentials"]
        assert [one["fingerprint"] for one in told] == [found["fingerprint"]]


def test_the_encoded_form_is_no_other_secret(run: Run, tmp_path: Path, key: str) -> None:
    (tmp_path / "f.yaml").write_text(f"token: {b64encode(key.encode()).decode()}\n")
    found = _one(run, "scan", tmp_path / "f.yaml", *_rules(tmp_path, _GENERIC))
    assert found["rule_ids"] == ["anyreach-organization-key", "generic-api-key"]
    assert found["occurrences"][0]["encodings"] == ["base64"]


def test_another_secret_beside_ours_stays(run: Run, tmp_path: Path, key: str) -> None:
    """What a rule finds that holds ours and a token more is about that token."""
    other = random_text(Random(7), "base62", 30)
    rule = "[[rules]]\nid = 'pair'\nregex = '''pair=\\S+'''\n"
    (tmp_path / "f").write_text(f"pair={key},{other}\n")
    found = run("scan", tmp_path / "f", *_rules(tmp_path, rule)).json["credentials"]
    assert sorted(one["kind"] for one in found) == ["custom", "organization_key"]


@pytest.mark.parametrize("order", [[_GENERIC, _KEYWORD, _ACME], [_ACME, _KEYWORD, _GENERIC]], ids=["last", "first"])
def test_the_specific_rule_names_the_finding(run: Run, tmp_path: Path, order: list[str]) -> None:
    """In every format, wherever it is in the file."""
    (tmp_path / "f.py").write_text(f'acme_api_key = "{_ACME_TOKEN}"\n')
    rules = _rules(tmp_path, *order)
    sarif = tmp_path / "out.sarif"
    result = run(
        "scan", tmp_path / "f.py", *rules, "--report", f"text:{tmp_path / 'out.txt'}", "--report", f"sarif:{sarif}"
    )
    (found,) = result.json["credentials"]
    assert found["rule_ids"] == ["acme-token", "acme-by-name"]
    assert "found by acme-token" in (tmp_path / "out.txt").read_text()
    assert '"ruleId": "acme-token"' in sarif.read_text()
    assert '"ruleId": "generic-api-key"' not in sarif.read_text()


def test_each_occurrence_has_its_own_rules(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(f'acme_api_key = "{_ACME_TOKEN}"\n')
    (tmp_path / "b.py").write_text(f"print('{_ACME_TOKEN}')\n")
    named = "[[rules]]\nid = 'named'\nregex = '''api_key = \"([0-9a-z_]+)\"'''\n"
    found = _one(run, "scan", tmp_path, *_rules(tmp_path, named, _ACME), "--exclude", "r.toml")
    assert {place["path"]: place["rule_ids"] for place in found["occurrences"]} == {
        "a.py": ["acme-token", "named"],
        "b.py": ["acme-token"],
    }
    assert found["rule_ids"] == ["acme-token", "named"]


@pytest.mark.parametrize("longer_first", [True, False])
def test_of_equal_rules_the_longer_secret_names_the_finding(run: Run, tmp_path: Path, longer_first: bool) -> None:
    longer = _ACME.replace("acme-token", "acme-routable").replace("{24}", r"{24}\.[0-9a-f]{8}")
    token = f"{_ACME_TOKEN}.{random_text(Random(42), 'hex', 8)}"
    (tmp_path / "f").write_text(f"{token}\n")
    rules = [longer, _ACME] if longer_first else [_ACME, longer]
    found = _one(run, "scan", tmp_path / "f", *_rules(tmp_path, *rules))
    assert found["rule_ids"] == ["acme-routable", "acme-token"]
    assert found["redacted"] == f"acme_***({len(token)})"


def test_a_rule_for_a_path_leaves_the_name_to_the_others(run: Run, repo: Repository, tmp_path: Path) -> None:
    """The paths of objects are known last."""
    only = _ACME + "path = '''[.]env$'''\n"
    repo.write("a.py", f'api_key = "{_ACME_TOKEN}"\n')
    repo.write("b/.env", f'api_key = "{_ACME_TOKEN}" # \n')
    repo.commit()
    (tmp_path / "r.toml").write_text(only + _GENERIC)
    found = _one(run, "history", repo.path, "--rules", tmp_path / "r.toml")
    assert {place["path"]: place["rule_ids"] for place in found["occurrences"]} == {
        "a.py": ["generic-api-key"],
        "b/.env": ["acme-token"],
    }


def test_keyword_outside_of_what_is_encoded(run: Run, tmp_path: Path) -> None:
    """Keywords are asked of the text as a whole, as in gitleaks; either gate, also in what is encoded twice."""
    rule = "[[rules]]\nid = 'own'\nregex = '''tok_[0-9a-f]{24}'''\nkeywords = ['acme']\n"
    token = "tok_" + random_text(Random(3), "hex", 24)
    once = b64encode(token.encode())
    for text in (once, b64encode(b"value: " + once)):
        for filler in (b"", b"\n" * (2 << 20)):
            (tmp_path / "f").write_bytes(b"acme: " + text + b"\n" + filler)
            assert run("scan", tmp_path / "f", *_rules(tmp_path, rule)).code == 1
            (tmp_path / "f").write_bytes(b"other: " + text + b"\n" + filler)
            assert run("scan", tmp_path / "f", *_rules(tmp_path, rule)).code == 0


def test_keyword_outside_of_what_came_to_nothing_elsewhere(run: Run, tmp_path: Path) -> None:
    """What is remembered of an encoded text without a keyword says nothing of the same text beside one."""
    rule = "[[rules]]\nid = 'own'\nregex = '''tok_[0-9a-f]{24}'''\nkeywords = ['acme']\n"
    text = b64encode(b"tok_" + random_text(Random(3), "hex", 24).encode())
    (tmp_path / "a").write_bytes(b"other: " + text)
    (tmp_path / "b").write_bytes(b"acme: " + text)
    found = _one(run, "scan", tmp_path, *_rules(tmp_path, rule), "--jobs", "1", "--exclude", "r.toml")
    assert [place["path"] for place in found["occurrences"]] == ["b"]


def test_encoded_deeper_than_is_looked_is_a_skip_for_users_rules_too(run: Run, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b64encode(b64encode(b"value: " + _ACME_TOKEN.encode())))
    result = run("scan", tmp_path / "f", *_rules(tmp_path, _ACME), "--decode-depth", "1")
    assert result.code == 3
    assert "encoded more than 1 times over" in result.skipped[0]["reason"]
