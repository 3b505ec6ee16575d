"""Collecting: one credential for each secret; pure decisions."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from akpatrol.kinds import CUSTOM
from akpatrol.kinds.organization_key import KIND as ORGANIZATION_KEY
from akpatrol.kinds.personal_access_token import KIND as PERSONAL_ACCESS_TOKEN
from akpatrol.model.scan import Attribution, Confidence, Exposure, Match, Place, Secret, Severity, Skipped, State
from akpatrol.policy import group
from akpatrol.rules.rule_file import load
from tests.reports import occurrence

if TYPE_CHECKING:
    from akpatrol.model.credential import Credential, Occurrence

_RULES = load()
_MATCH = Match(
    rule_id="anyreach-organization-key",
    kind=ORGANIZATION_KEY,
    secret=Secret(b"one"),
    start=0,
    end=3,
    confidence=Confidence.MEDIUM,
    attribution=Attribution.LIKELY,
    exposure=None,
)


def _match(**changes: object) -> Match:
    fields = {name: getattr(_MATCH, name) for name in ("rule_id", "kind", "secret", "start", "end")}
    more = {name: getattr(_MATCH, name) for name in ("confidence", "attribution", "exposure")}
    return Match(**(fields | more | changes))


def _collect(*placed: tuple[Match, Occurrence]) -> tuple[Credential, ...]:
    return group.collect(placed, _RULES)


def test_one_credential_for_a_secret() -> None:
    """Whatever found it, wherever: the surest confidence, the nearest attribution, all rules."""
    low = _match(confidence=Confidence.LOW, attribution=Attribution.OPEN)
    other = _match(rule_id="other", exposure=Exposure.BROWSER)
    (found,) = _collect(
        (low, occurrence("x", offset=1)), (_match(), occurrence("x", offset=2)), (other, occurrence("x"))
    )
    assert (found.confidence, found.attribution) == (Confidence.MEDIUM, Attribution.LIKELY)
    assert found.rule_ids == ("anyreach-organization-key", "other")
    assert found.exposure is Exposure.BROWSER
    assert [place.offset for place in found.occurrences] == [1, 2, 311]


def test_kinds_are_kept_apart() -> None:
    other = _match(kind=PERSONAL_ACCESS_TOKEN)
    assert len(_collect((_match(), occurrence("x")), (other, occurrence("x")))) == 2


def test_what_a_users_rule_finds_elsewhere_is_ours_where_it_is_the_same_secret() -> None:
    foreign = _match(kind=CUSTOM, rule_id="other", confidence=Confidence.LOW)
    placed = [(foreign, occurrence("x", rule_ids=("other",))), (_match(), occurrence("x", offset=1))]
    for order in permutations(placed):
        (found,) = _collect(*order)
        assert found.kind is ORGANIZATION_KEY
        assert found.rule_ids == ("anyreach-organization-key", "other")
        assert found.severity is Severity.HIGH
        assert len(found.occurrences) == 2


def test_one_occurrence_for_a_place() -> None:
    same = occurrence("x", object="a" * 40)
    (found,) = _collect(*[(_match(), same)] * 2, (_match(), same._replace(path=b"elsewhere")))
    assert len(found.occurrences) == 1
    (found,) = _collect(
        (_match(), same), (_match(), same._replace(object=None)), (_match(), same._replace(target="t2"))
    )
    assert len(found.occurrences) == 3


@pytest.mark.parametrize("state", State)
def test_worst_state_wins(state: State) -> None:
    (found,) = _collect(
        (_match(), occurrence("x", state=State.IGNORED)), (_match(), occurrence("x", state=state, offset=1))
    )
    assert found.state is state
    assert found.occurrences[0].state is state


@pytest.mark.parametrize(
    ("attribution", "exposure", "state", "wanted"),
    [
        (Attribution.LIKELY, None, State.WORKTREE, Severity.HIGH),
        (Attribution.OPEN, None, State.WORKTREE, Severity.MEDIUM),
        (Attribution.OPEN, Exposure.BROWSER, State.WORKTREE, Severity.HIGH),
        (Attribution.LIKELY, Exposure.BROWSER, State.REMOVED, Severity.CRITICAL),
        (Attribution.LIKELY, Exposure.BROWSER, State.IGNORED, Severity.LOW),
    ],
)
def test_severity(attribution: Attribution, exposure: Exposure | None, state: State, wanted: Severity) -> None:
    assert group.severity(Severity.HIGH, PERSONAL_ACCESS_TOKEN, attribution, exposure, state) is wanted


def test_credentials_do_not_depend_on_what_came_first() -> None:
    """The same from any number of processes; reports put them in order."""
    placed = [
        (_match(secret=Secret(name)), occurrence("x", path=path, state=state))
        for name, path, state in [
            (b"a", b"z", State.IGNORED),
            (b"b", b"y", State.WORKTREE),
            (b"c", b"x", State.REMOVED),
            (b"b", b"w", State.IGNORED),
        ]
    ]
    (found,) = {frozenset(_collect(*order)) for order in permutations(placed)}
    assert {(one.secret, one.state, len(one.occurrences)) for one in found} == {
        (Secret(b"a"), State.IGNORED, 1),
        (Secret(b"b"), State.WORKTREE, 2),
        (Secret(b"c"), State.REMOVED, 1),
    }


@pytest.mark.parametrize(
    ("path", "wanted"), [(b"src/AnyReach/.env", Attribution.LIKELY), (b"src/other", Attribution.OPEN)]
)
def test_path_attributes_a_token(path: bytes, wanted: Attribution) -> None:
    match = _match(kind=PERSONAL_ACCESS_TOKEN, attribution=Attribution.OPEN)
    (found,) = _collect((match, occurrence("x", path=path)))
    assert found.attribution is wanted


def test_below_the_minimum_is_counted() -> None:
    found = _collect(
        (_match(confidence=Confidence.LOW, secret=Secret(b"low")), occurrence("x")),
        (_match(), occurrence("x", offset=9)),
    )
    kept, below = group.at_least(found, Confidence.MEDIUM)
    assert ([one.secret for one in kept], below) == ([Secret(b"one")], 1)


def test_accepted_skips() -> None:
    accepted = [
        group.AcceptedSkip("old", lambda skip: skip.item.startswith("a"), expired=True),
        group.AcceptedSkip("fine", lambda skip: skip.item == "ab"),
    ]
    found = group.accept([Skipped("ab", "x"), Skipped("ac", "y"), Skipped("b", "z")], accepted)
    assert found == (Skipped("ab", "x", "fine"), Skipped("ac", "y; its acceptance has expired"), Skipped("b", "z"))


def test_documentation_and_tests_lower_what_stands_nowhere_else() -> None:
    sure, docs, tests = _match(confidence=Confidence.HIGH), b"docs/a.md", b"tests/b.py"
    everywhere = [(sure, occurrence("x", path=path, paths=(path,))) for path in (docs, tests, b"src/c.py")]
    assert _collect(*everywhere)[0].confidence is Confidence.HIGH
    assert _collect(*everywhere[:2])[0].confidence is Confidence.MEDIUM
    message = (sure, occurrence("x", path=None, place=Place.COMMIT_MESSAGE))
    assert _collect(everywhere[0], message)[0].confidence is Confidence.HIGH


@pytest.mark.parametrize("level", [Confidence.LOW, Confidence.MEDIUM])
def test_a_path_alone_takes_nothing_out_of_the_report(level: Confidence) -> None:
    (found,) = _collect((_match(confidence=level), occurrence("x", path=b"docs/a.md", paths=(b"docs/a.md",))))
    assert found.confidence is level


def test_a_path_that_is_served_exposes() -> None:
    """The place and the credential, which becomes more urgent; the other place stays as it is."""
    served = occurrence("x", path=b"public/env.js", paths=(b"public/env.js",), offset=1)
    other = occurrence("x", path=b"src/env.py", paths=(b"src/env.py",))
    (found,) = _collect((_match(), other), (_match(), served))
    assert (found.exposure, found.severity) == (Exposure.BROWSER, Severity.CRITICAL)
    assert {one.path: one.exposure for one in found.occurrences} == {
        b"public/env.js": Exposure.BROWSER,
        b"src/env.py": None,
    }
    (found,) = _collect((_match(), other))
    assert (found.exposure, found.severity) == (None, Severity.HIGH)


def test_a_member_of_a_container_counts_by_its_own_name() -> None:
    place = occurrence("x", path=b"site.zip", paths=(b"site.zip",), containers=("zip:dist/app.js",))
    assert _collect((_match(), place))[0].exposure is Exposure.BROWSER
