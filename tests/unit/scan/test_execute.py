"""How rules and compiled patterns reach the processes that read."""

from __future__ import annotations

import pickle

from akpatrol.config.limits import Limits
from akpatrol.rules.rule_file import load
from akpatrol.scan import execute


def test_a_process_has_the_rules_and_limits() -> None:
    prepared = pickle.dumps((load(), Limits(decode=False), None, None))
    examiner = execute._examiner_of(prepared)
    assert (examiner.rules, examiner.limits) == (load(), Limits(decode=False))
