"""The words and commands with which a finding is allowed, where the reader is."""

from __future__ import annotations

from akpatrol.report.allowing import how_to_allow
from tests import reports

_ONE, _TWO = "0123abcd", "4567ef01"


def test_one_finding_has_its_command() -> None:
    assert how_to_allow("scan", [_ONE], reports.options()) == (
        "Known and harmless?",
        f'akpatrol allow {_ONE} --reason "..."',
    )


def test_of_several_the_digits_are_beside_each() -> None:
    sentence, command = how_to_allow("history", [_ONE, _TWO], reports.options())
    assert sentence == "Known and harmless? Run with the digits beside it for ID:"
    assert command == 'akpatrol allow ID --reason "..."'


def test_in_a_hook_the_comment_comes_first() -> None:
    sentence, command = how_to_allow("staged", [_ONE], reports.options(in_hook=True, program="~/env/bin/akpatrol"))
    assert sentence == "Known and harmless? End its line with the comment `akpatrol:allow <why>`, or run:"
    assert command == f'~/env/bin/akpatrol allow {_ONE} --reason "..."'


def test_in_a_range_an_allowance_has_to_be_merged_first() -> None:
    sentence, command = how_to_allow("range", [_ONE], reports.options())
    assert "have an allowance merged first" in sentence
    assert command.startswith("akpatrol allow")
