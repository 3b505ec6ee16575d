"""Every format of a comparison: the same findings, no secret, and nothing that controls a terminal or a page."""

from __future__ import annotations

import json
from importlib.resources import files
from random import Random

import pytest
from jsonschema import Draft202012Validator

from akpatrol.compare.git_facts import GitFacts
from akpatrol.compare.render import FORMATS, ComparisonOptions, render
from akpatrol.compare.rule_selection import selected
from tests import peer_reports
from tests.credentials import organization_key, random_text
from tests.peer_reports import WRITERS, Leak
from tests.unit.compare.comparing import compared, named

_RNG = Random("render")
_KEYS = [organization_key(_RNG) for _ in range(12)]
_COMMIT = _RNG.randbytes(20).hex()
_FOREIGN = random_text(_RNG, "base62", 30)
_HOSTILE = "a\x1b[2J\r\n\u202e<script>alert(1)</script>\x07\udce9"
_SCHEMA = Draft202012Validator(json.loads(files("akpatrol.compare").joinpath("schema.json").read_text()))


def _hostile() -> list[Leak]:
    paths = [_HOSTILE, f"dir/{_KEYS[1]}/{_FOREIGN}", "plain.py"]
    return [Leak(_KEYS[1], path, number, _COMMIT, rule=_HOSTILE) for number, path in enumerate(paths, 1)]


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("name", WRITERS)
def test_nothing_of_a_hostile_report_is_shown_as_it_is(name: str, format_: str) -> None:
    foreign = Leak(_FOREIGN, "x.env", rule="generic")
    written = WRITERS[name](_hostile())
    view = compared(a=written, b=peer_reports.gitleaks([Leak(_KEYS[0]), foreign]), c=b"[]")
    for verbose in (False, True):
        text = render(view, format_, ComparisonOptions(verbose=verbose))
        for secret in (_KEYS[0], _KEYS[1], _FOREIGN):
            assert secret not in text
        text.encode()
        assert "<script>" not in text or format_ != "html"
        assert all(char.isprintable() or char == "\n" for char in text)
    _SCHEMA.validate(json.loads(json.dumps(view)))


def test_text_shows_five_of_a_reason_and_with_verbose_all() -> None:
    leaks = [Leak(key, f"src/{number}.py", commit=_COMMIT) for number, key in enumerate(_KEYS)]
    view = compared(one=peer_reports.gitleaks(leaks), two=peer_reports.kingfisher(leaks[:1]))
    text = render(view, "text", ComparisonOptions())
    assert text.startswith("12 findings of 12 credentials in 2 reports: two misses 11\n")
    assert "two misses 11 findings; it shows 11 credentials nowhere" in text
    assert text.count("  in one") == 5
    assert "and 6 more; -v lists them" in text
    assert render(view, "text", ComparisonOptions(verbose=True)).count("  in one") == 11


def test_reports_that_agree() -> None:
    same = peer_reports.gitleaks([Leak(_KEYS[0])])
    text = render(compared(a=same, b=same), "text", ComparisonOptions())
    assert text.startswith("Both reports agree on 1 finding of 1 credential\n")
    text = render(compared(a=same, b=same, c=same + b"\n{"[:0]), "text", ComparisonOptions())
    assert text.startswith("All 3 reports agree on 1 finding")


def test_entries_that_could_not_be_read_are_listed() -> None:
    cut = peer_reports.trufflehog([Leak(_KEYS[0])]) + b'{"SourceMeta'
    view = compared(a=cut, b=peer_reports.gitleaks([Leak(_KEYS[0])]))
    text = render(view, "text", ComparisonOptions())
    assert "but 1 entry could not be read" in text
    assert "line 2: not JSON" in text
    assert "line 2: not JSON" in render(view, "html", ComparisonOptions())


def test_the_page_makes_no_request_and_runs_no_script() -> None:
    page = render(compared(a=peer_reports.gitleaks(_hostile()), b=b"[]"), "html", ComparisonOptions())
    assert "style-src &#39;sha256-" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_reasons_are_in_all_formats() -> None:
    facts = GitFacts(merges=frozenset({_COMMIT}))
    other = Leak(_KEYS[1], "o.py", commit="1" * 40)
    both = peer_reports.gitleaks([Leak(_KEYS[0], commit=_COMMIT), other])
    view = compared(facts, a=both, b=peer_reports.kingfisher([other]))
    assert '"merge"' in render(view, "json", ComparisonOptions())
    for format_ in ("text", "html"):
        assert "Only in a merge commit (1)" in render(view, format_, ComparisonOptions())


def test_rules_are_selected_by_glob() -> None:
    (report,) = named(a=peer_reports.gitleaks([Leak(_KEYS[0]), Leak(_KEYS[1], rule="generic-api-key")]))
    assert [row.rule for row in selected(report, ["anyreach-*"], []).rows] == ["anyreach-organization-key"]
    without = selected(report, [], ["generic-*"])
    assert ([row.rule for row in without.rows], without.left_out) == (["anyreach-organization-key"], 1)
    assert selected(report, [], []) == report
