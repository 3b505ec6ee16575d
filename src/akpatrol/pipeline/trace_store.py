"""A run for one credential in a store of sweeps, which has its hash: nothing is scanned, whatever its size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.detect.engine import Engine
from akpatrol.errors import UsageError
from akpatrol.model import identity
from akpatrol.model.scan import Confidence
from akpatrol.pipeline import emptiness, rules_in_force
from akpatrol.pipeline.stages import Stages, check_outputs, conclude
from akpatrol.report import trace_screen
from akpatrol.sweep.store.store import SweepStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.config.settings import Settings
    from akpatrol.errors import ExitCode
    from akpatrol.pipeline.console import Console
    from akpatrol.query.credential_query import CredentialQuery

_HASHED = (
    "found nowhere: a store has no secrets, so that only the hash of all that was given could be compared; give the "
    "TARGETs themselves to search in them"
)


def trace_store(store: str, questions: Sequence[CredentialQuery], settings: Settings, console: Console) -> ExitCode:
    """Report every place of the queried credential that a store has, as of its last run."""
    if settings.options.verify:
        raise UsageError("--verify: a store has no secrets to send", hint="akpatrol verify")
    check_outputs(settings)
    hashed = [_hashed(question) for question in questions]
    stages = Stages.prepared(settings, queries=hashed)
    with SweepStore(store, create=False) as opened:
        report = opened.report(questions=hashed, minimum=Confidence.LOW)._replace(command="trace")
    answered = stages.answer(report, (*emptiness.FILES, *emptiness.OBJECTS, *emptiness.REMOTE))
    decided = stages.decide(answered, scan_kind=None)
    return conclude(decided, Engine(rules_in_force.load(settings)), settings, console, trace_screen.render)


def _hashed(question: CredentialQuery) -> CredentialQuery:
    """Return a query by the hash of a text; others have one or need none."""
    if question.part is None or question.digest:
        return question
    return question._replace(digest=identity.secret_sha256(question.part), doubt=_HASHED)
