"""Triggers are chosen by what data holds as when each is asked, and a prefilter's reports do not depend on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from akpatrol.detect import trigger_needs
from akpatrol.detect.keywords import Keywords
from akpatrol.detect.prefilter import Prefilter
from akpatrol.detect.trigger_needs import PossibleTriggers, possible_triggers
from akpatrol.model.fired_triggers import TriggerEnds
from akpatrol.model.trigger import CharacterRun, HeldBytes, Trigger
from akpatrol.rules.rule_file import load
from akpatrol.unwrap.encodings.registry import decoder

if TYPE_CHECKING:
    from akpatrol.detect.prefilter_result import PrefilterResult

_TRIGGERS = decoder().triggers
_CHOICE = PossibleTriggers(_TRIGGERS)
_STRINGS = sorted(
    {
        string
        for trigger in _TRIGGERS
        for needs in [trigger.needs, *(needs for _, needs in trigger.parts)]
        if not isinstance(needs, CharacterRun)
        for string in ([needs] if isinstance(needs, bytes) else needs)
    }
)
_DATA = st.lists(st.one_of(st.binary(max_size=6), st.sampled_from(_STRINGS)), max_size=8).map(b"".join)


def _may_fire(trigger: Trigger, held: HeldBytes) -> bool:
    needed = [needs for _, needs in trigger.parts] or [trigger.needs]
    return any(isinstance(needs, CharacterRun) or held(needs) for needs in needed)


@given(_DATA)
def test_those_are_chosen_of_which_the_data_holds_a_string(data: bytes) -> None:
    held = HeldBytes(data)
    assert _CHOICE.needed_by(data) == [pair for pair in enumerate(_TRIGGERS) if _may_fire(pair[1], held)]


def _ends(result: PrefilterResult) -> dict[int, list[int]]:
    fired = result.fired.items()
    return {index: [*(ends.exact if isinstance(ends, TriggerEnds) else ends)] for index, ends in fired}


def test_what_needs_nothing_or_a_run_is_always_chosen() -> None:
    run = CharacterRun(b"ab", 3)
    triggers = (
        Trigger(b"x"),
        Trigger(b"y", needs=run),
        Trigger(b"z", needs=(b"z", b"")),
        Trigger(b"key", needs=b"key"),
    )
    assert [index for index, _ in PossibleTriggers(triggers).needed_by(b"")] == [0, 1, 2]
    assert [index for index, _ in PossibleTriggers(triggers).needed_by(b"a key")] == [0, 1, 2, 3]


@given(_DATA)
def test_the_first_searches_report_what_later_ones_do(data: bytes) -> None:
    rules = load().rules
    possible_triggers.cache_clear()
    prefilter = Prefilter(rules, Keywords(rules), "automaton", _TRIGGERS)
    first = prefilter.search(data)
    for _ in range(trigger_needs._FEW_SEARCHES):
        later = prefilter.search(data)
    assert (later.ends, later.rules, later.flooded) == (first.ends, first.rules, first.flooded)
    assert _ends(later) == _ends(first)
