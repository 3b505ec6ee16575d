"""Try rules on one text that a person gives, and show what each does with it."""

from __future__ import annotations

import json
import os
import sys
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.detect.engine import Engine
from akpatrol.detect.redact import Redactor
from akpatrol.errors import ExitCode, UsageError
from akpatrol.model.scan import Secret
from akpatrol.report import explanations
from akpatrol.report.text_safety import decoded
from akpatrol.rules import rule_file
from akpatrol.rules.explain import explain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from akpatrol.rules.rule import Rule, RuleSet

MOST_BYTES = 1 << 20
"""The longest text."""


class RuleTrialRequest(NamedTuple):
    """A text, ``-`` for standard input, and the rules to try: ``names`` are rule files, and ids or globs of ids.

    ``files`` are further rule files, ``strict`` refuses those of which anything is left out. The text is taken to be at
    ``path``, if that is given. ``whole`` also shows rules that do not apply.
    """

    text: str
    names: Sequence[str]
    files: Sequence[str] = ()
    path: str | None = None
    format: str = "text"
    whole: bool = False
    strict: bool = False


class _TrialMask:
    """Masks the secrets of a trial."""

    def __init__(self, engine: Engine, secrets: Iterable[Secret]) -> None:
        self._engine = engine
        self.text = Redactor(engine, secrets)

    def beside(self, data: bytes) -> str:
        parts, position = [], 0
        for start, end in sorted(self._engine.candidates(data, 0, len(data))):
            if start >= position:
                parts += [decoded(data[position:start]), Secret(data[start:end]).redacted]
            position = max(position, end)
        return self.text("".join([*parts, decoded(data[position:])]))


def rule_trial(request: RuleTrialRequest, say: Callable[[str], None]) -> ExitCode:
    """Show what the rules do with the text, and return the exit code of a scan of it. Raises UsageError."""
    data = _text(request.text)
    loaded, tried = _rules(request)
    path = None if request.path is None else os.fsencode(request.path)
    explained = list(explain(tried, loaded, data, path))
    # All rules mask, also those that are not tried.
    mask = _TrialMask(Engine(loaded), [match.secret for entry in explained for match in entry.matches])
    if request.format == "json":
        say(json.dumps(explanations.view(explained, len(data), request.path, mask), indent=2))
    else:
        for line in explanations.lines(explained, mask, whole=request.whole or _names_ids(request.names)):
            say(line)
    return ExitCode.FINDINGS if any(entry.is_found for entry in explained) else ExitCode.CLEAN


def _text(given: str) -> bytes:
    if given != "-":
        data = os.fsencode(given)
    elif sys.stdin:
        data = sys.stdin.buffer.read(MOST_BYTES + 1)
    else:
        raise UsageError("-: standard input is closed", hint="give the text")
    if len(data) > MOST_BYTES:
        raise UsageError(f"the text is longer than {MOST_BYTES >> 20} MiB", hint="akpatrol scan takes any size")
    if not data:
        raise UsageError("the text is empty", hint="give the text, or pipe it to -")
    return data


def _rules(request: RuleTrialRequest) -> tuple[RuleSet, list[Rule]]:
    """Return all rules, and those to try. Raises UsageError for a name that is neither a file nor an id."""
    named = [name for name in request.names if os.path.exists(name)]
    shipped = rule_file.load()
    if named:
        rules = rule_file.load_alone([*named, *request.files], strict=request.strict)
    else:
        rules = rule_file.load(request.files, strict=request.strict)
    every = [*rules.rules, *rules.path_rules]
    ids = [name for name in request.names if name not in named]
    for name in ids:
        if not any(fnmatchcase(rule.id, name) for rule in every):
            raise UsageError(f"{name}: neither a rule file nor the id of a rule", hint=_hint(name, rules, every))
    tried = [rule for rule in every if not ids or any(fnmatchcase(rule.id, name) for name in ids)]
    others = (rule for rule in rules.rules if not shipped.get(rule.id))
    return rules._replace(rules=(*shipped.rules, *others)), tried


def _names_ids(names: Sequence[str]) -> bool:
    return any(not os.path.exists(name) for name in names)


def _hint(name: str, rules: RuleSet, every: Sequence[Rule]) -> str:
    """Return why there is no such rule, or which one may be meant."""
    if why := next((entry for entry in rules.left_out if entry.whole and entry.rule == name), None):
        return f"it is left out: {why}"
    from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake

    close = get_close_matches(name, [rule.id for rule in every], 1)
    return f"did you mean {close[0]}?" if close else "akpatrol rules list shows the rules"
