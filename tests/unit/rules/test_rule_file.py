"""Rule files as values. The command line's tests show how broken ones are reported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from akpatrol.errors import RuleError, UsageError
from akpatrol.kinds import CUSTOM, KINDS
from akpatrol.rules.check import ALPHABETS, check, expand
from akpatrol.rules.rule import RuleSet
from akpatrol.rules.rule_file import load, parse, shipped_files

if TYPE_CHECKING:
    from random import Random

_RULE = b"[[rules]]\nid = 'acme'\nregex = 'acme_[0-9a-f]{20}'\n"


def test_shipped_rules_hold() -> None:
    loaded = load()
    assert sorted(rule.kind for rule in loaded.rules) == sorted(kind for kind in KINDS if not kind.is_custom)
    assert all(rule.shipped and rule.anchor and rule.examples and rule.counterexamples for rule in loaded.rules)
    assert len(list(check(loaded))) == len(loaded.rules)


def test_shipped_rules_hold_no_token() -> None:
    """Examples are templates."""
    for file in shipped_files():
        assert "{base62:" in Path(file).read_text()


def test_digest_tells_rules_apart(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(_RULE)
    assert load().digest == load().digest
    assert len(load().digest) == 64
    assert load().digest != load([tmp_path / "a.toml"]).digest


def test_defaults() -> None:
    (rule,) = parse(_RULE, "f")
    assert (rule.description, rule.kind, rule.severity, rule.tags) == ("acme", CUSTOM, None, ())
    assert (rule.keywords, rule.secret_group, rule.entropy, rule.path, rule.allowlists) == ((), 0, 0.0, "", ())
    assert not rule.shipped


def test_keywords_are_compared_in_lower_case() -> None:
    (rule,) = parse(_RULE + b"keywords = ['ACME']\n", "f")
    assert rule.keywords == ("acme",)


def test_get() -> None:
    rules = RuleSet(tuple(parse(_RULE, "f")))
    assert rules.get("acme") is rules.rules[0]
    assert rules.get("other") is None


def test_templates(rng: Random) -> None:
    text = expand("ak_{base62:12}.{hex:8}", rng)
    assert len(text) == len("ak_.") + 20
    assert set(text[-8:]) <= set(ALPHABETS["hex"])
    assert expand("no {fields} here {x}", rng) == "no {fields} here {x}"
    with pytest.raises(UsageError, match="klingon"):
        expand("{klingon:3}", rng)


@pytest.mark.parametrize(("key", "template"), [("examples", "acme_{hex:19}"), ("counterexamples", "acme_{hex:20}")])
def test_check_fails(key: str, template: str) -> None:
    rules = parse(_RULE + f"[akpatrol.rules.acme]\n{key} = ['{template}']".encode(), "f")
    with pytest.raises(RuleError, match=rf"^f: rule acme: {key}: "):
        list(check(RuleSet(tuple(rules))))


def test_global_allowlist_of_a_file_is_for_all_its_rules() -> None:
    content = (
        _RULE + _RULE.replace(b"acme", b"bcme") + b"[[allowlists]]\npaths = ['x']\n[allowlist]\nstopwords = ['Y']\n"
    )
    assert [len(rule.allowlists) for rule in parse(content, "f")] == [2, 2]
