"""Export rules into the format of another scanner."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.config.settings import RuleGlobs
from akpatrol.detect.engine import Engine
from akpatrol.detect.redact import Redactor
from akpatrol.errors import ExitCode
from akpatrol.report.write import check_writable, write
from akpatrol.rules import export, rule_file
from akpatrol.rules.export.portable import portable
from akpatrol.rules.selection import selected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.rules.rule import Rule


class RuleExportRequest(NamedTuple):
    """The format, further rule ``files``, the ids to choose, and the file to write, None for standard output.

    ``strict`` refuses rule files of which anything is left out.
    """

    format: str
    files: Sequence[str] = ()
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    strict: bool = False
    output: str | None = None


def rule_export(request: RuleExportRequest, say: Callable[[str], None], note: Callable[[str], None]) -> ExitCode:
    """Write the rules, and note each that the format cannot hold whole. Raises UsageError."""
    if request.output:
        check_writable(Path(request.output))
    loaded = rule_file.load(request.files, strict=request.strict)
    only, skip = RuleGlobs(request.only, "--only-rules"), RuleGlobs(request.skip, "--skip-rule")
    chosen = selected(loaded, only, skip)
    Engine(loaded)  # no rule that does not compile is handed on
    secret = set(_with_secrets((*chosen.rules, *chosen.path_rules)))
    exported = export.render(request.format, [rule for rule in portable(chosen) if rule.id not in secret])
    for entry in loaded.left_out:
        note(str(entry))
    remarks = [*((name, "left out: it holds a credential") for name in sorted(secret)), *exported.remarks]
    for name, remark in remarks:
        note(f"{name}: {remark}")
    if request.output:
        write(exported.text, Path(request.output))
    else:
        say(exported.text)
    return ExitCode.CLEAN


def _with_secrets(rules: Sequence[Rule]) -> Iterator[str]:
    """Yield the ids of users' rules that hold one of our credentials: an export is handed on."""
    redact = Redactor(Engine(rule_file.load()))
    for rule in rules:
        allowed = [text for one in rule.allowlists for text in (*one.regexes, *one.paths, *one.stopwords)]
        texts = (rule.id, rule.description, rule.regex, rule.path, *rule.keywords, *rule.tags, *allowed)
        if not rule.shipped and any(redact(text) != text for text in texts):
            yield rule.id
