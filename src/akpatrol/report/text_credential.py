"""One credential in text: what it is, where, and the one thing to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.model.scan import Place, State
from akpatrol.report.advice import TO_KNOW, Situation, leaked_action, situation, to_know
from akpatrol.report.number_words import plural
from akpatrol.report.place_view import states_of
from akpatrol.report.spread import removal_words, version_words
from akpatrol.report.storage_advice import storage_advice, variable_of
from akpatrol.report.text_safety import around, columns, head, middle_out, shell_word, wrapped
from akpatrol.report.verification_text import allowance_words, owner_lines, verification_lines
from akpatrol.report.wording import (
    STATUSES,
    UNVERIFIED,
    also_at,
    attribution_words,
    code_owners,
    commit_words,
    credential_name,
    doubts,
    location,
    moved_words,
    since_words,
    state_words,
    status_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from akpatrol.report import RenderOptions
    from akpatrol.report.text_style import Style
    from akpatrol.report.view import CredentialView, OccurrenceView

SHOWN = 3
"""Places a credential shows without ``-v``."""

_NAME_WIDTH = 60
_PATH_WIDTH = 320
"""Columns; paths are for copying, so only absurd ones are cut."""


class CredentialText:
    """Renders credentials of a document whose texts are all visible.

    ``roots`` holds what to put before the paths of each target, ``names`` the short form of each fingerprint.
    """

    def __init__(
        self, style: Style, roots: Mapping[str, str], names: Mapping[str, str], options: RenderOptions
    ) -> None:
        self._style = style
        self._roots = roots
        self._names = names
        self._now = options.now
        self._program = options.program
        self._verbose = options.verbose > 0

    def lines(self, credential: CredentialView, *, advise: bool = True) -> Iterator[str]:
        """Yield the lines of one credential, with what to do unless that follows elsewhere."""
        yield from self._headline(credential)
        places = credential["occurrences"] if self._verbose else telling_places(credential["occurrences"])
        for occurrence in places:
            yield from self._place(occurrence, credential)
        if more := len(credential["occurrences"]) - len(places):
            yield f"  and {plural(more, 'more place')}"
        if self._verbose:
            yield "  " + self._style.dim(credential["fingerprint"])
        if advise:
            for block in self.advice(credential):
                yield from block

    def line(self, credential: CredentialView) -> str:
        """Return one credential on one line: how bad, what, and its first place."""
        style, status = self._style, status_of(credential)
        words = [style.severity(credential["severity"])]
        if status != UNVERIFIED:
            words.append(style.status(STATUSES[status], is_live=status == "active"))
        words += [style.bold(credential["redacted"]), style.dim(self._names[credential["fingerprint"]])]
        for place in credential["occurrences"][:1]:
            where = location(self._short(place), self._roots.get(place["target"], ""))
            words.append(style.path(middle_out(where, _PATH_WIDTH)))
        others = len(credential["occurrences"]) - 1
        return "  ".join(words) + (f", and {plural(others, 'more place')}" if others > 0 else "")

    def _headline(self, credential: CredentialView) -> Iterator[str]:
        style = self._style
        kind, attribution = credential["kind"], credential["attribution"]
        name = credential_name(credential)
        status = status_of(credential)
        # No severity: an ignored file is the right place, and an allowed credential is known.
        is_quiet = credential["state"] == State.IGNORED or (credential["allowed"] and status != "active")
        severity = "" if is_quiet else style.severity(credential["severity"]) + "  "
        live_status = style.status(STATUSES[status], is_live=status == "active") + "  " if status != UNVERIFIED else ""
        short = style.dim(self._names[credential["fingerprint"]])
        line = f"{severity}{live_status}{style.bold(credential['redacted'])}  {short}"
        fits = style.columns(line) + columns(name) + 2 <= style.width
        yield f"{line}  {name}" if fits else line
        if credential["secret"] is not None:
            yield "  secret " + style.bold(credential["secret"])
        for line in verification_lines(credential["verification"], self._now, verbose=self._verbose):
            yield from self._paragraph(line, "  ")
        if allowed := credential["allowed"]:
            sentence = allowance_words(allowed)
            yield from self._paragraph(f"{sentence}. But it is live." if status == "active" else sentence, "  ")
        for line in owner_lines(credential["owner"], self._now, verbose=self._verbose):
            yield from self._paragraph(line, "  ")
        facts = [] if fits else [name]
        facts += [f"{credential['confidence']} confidence", attribution_words(kind, attribution)]
        if status == UNVERIFIED:
            facts.append("not verified")
        if credential["key_id"]:
            facts.append("key id " + credential["key_id"])
        if credential["exposure"]:
            facts.append("every visitor of a web page can read it")
        yield from self._paragraph("; ".join(facts), "  ")

    def _place(self, occurrence: OccurrenceView, credential: CredentialView) -> Iterator[str]:
        where = middle_out(location(self._short(occurrence), self._roots.get(occurrence["target"], "")), _PATH_WIDTH)
        facts = "; ".join(self._facts(occurrence, is_only=len(credential["occurrences"]) == 1))
        if 4 + columns(where) + columns(facts) <= self._style.width:
            yield f"  {self._style.path(where)}  {facts}"
        else:
            yield f"  {self._style.path(where)}"
            yield from self._paragraph(facts, "      ")
        if context := self._context(occurrence["context"], credential):
            yield f"      {self._style.dim('|')} {context}"

    def _facts(self, occurrence: OccurrenceView, *, is_only: bool) -> Iterator[str]:
        short = self._short(occurrence)
        yield state_words(short)
        if short["introduced"]:
            yield f"{since_words(short['introduced'])} {commit_words(short['introduced'], self._now)}"
        if moved := short["moved_from"]:
            yield moved_words(moved, middle_out(moved["path"], _PATH_WIDTH))
        if short["removed"]:
            yield removal_words(short) + commit_words(short["removed"], self._now)
        if versions := version_words(short["versions"]):
            yield versions
        if others := [path for path in short["paths"] if path != short["path"]]:
            yield also_at(short, others, len(others) if self._verbose else SHOWN)
        if short["encodings"]:
            yield "encoded as " + ", then ".join(short["encodings"])
        yield from doubts(short)
        yield from code_owners(short)
        if short["exposure"] and not is_only:
            yield "every visitor of a web page can read it"
        if self._verbose and short["introduced"] and short["introduced"]["summary"]:
            yield f'"{short["introduced"]["summary"]}"'

    def _short(self, occurrence: OccurrenceView) -> OccurrenceView:
        """Return the occurrence with its names cut to a sensible width."""
        introduced = occurrence["introduced"]
        return {
            **occurrence,
            "refs": [middle_out(ref, _NAME_WIDTH) for ref in occurrence["refs"]],
            "encodings": [head(encoding, _NAME_WIDTH) for encoding in occurrence["encodings"]],
            "introduced": introduced
            and {
                **introduced,
                "author": head(introduced["author"], _NAME_WIDTH),
                "summary": head(introduced["summary"], _NAME_WIDTH),
            },
        }

    def _context(self, context: str, credential: CredentialView) -> str:
        secret = credential["secret"] if credential["secret"] and credential["secret"] in context else None
        needle = secret or credential["redacted"]
        start = max(context.find(needle), 0)
        end = start + len(needle) if needle in context else start
        cut = around(context, start, end, self._style.width - 8)
        before, match, after = cut.partition(needle)
        return before + self._style.bold(match) + after

    def advice(self, credential: CredentialView, *, among_many: bool = False) -> Iterator[list[str]]:
        """Yield the lines of each thing to do; with an allowed one that is not live there is nothing.

        ``among_many`` makes it the same for all that are alike.
        """
        if status_of(credential) == "active" or not credential["allowed"]:
            yield from self._next(credential, among_many=among_many)

    def _next(self, credential: CredentialView, *, among_many: bool) -> Iterator[list[str]]:
        states = states_of(credential) or {credential["state"]}
        match situation(states):
            case Situation.IGNORED:
                yield self._action("Next:", "leave it there, which is the right place, and never commit it.")
                return
            case Situation.STAGED:
                yield from self._staged(credential, among_many=among_many)
                return
            case Situation.LEAKED:
                yield self._action("Next:", leaked_action(credential, states, self._program))
                if hint := to_know(credential):
                    yield self._action(TO_KNOW, hint)
        if self._verbose:
            for number, step in enumerate(credential["remediation"]["steps"], 1):
                yield list(self._paragraph(f"{number}. {step}", "    "))

    def _staged(self, credential: CredentialView, *, among_many: bool) -> Iterator[list[str]]:
        staged = [place for place in credential["occurrences"] if place["state"] == State.STAGED]
        paths = list(dict.fromkeys(place["path"] for place in staged if place["path"]))
        label = "Nothing has leaked yet."
        if not paths or any(place["place"] == Place.COMMIT_MESSAGE for place in staged):
            yield self._action(label, "Remove it from the commit message, then commit again.")
        elif any(place["place"] == Place.PATH and not place["containers"] for place in staged):
            yield self._action(label, "Rename the file, then commit again.")
        else:
            is_short = len(paths) <= SHOWN and not among_many
            names = "-- " + " ".join(shell_word(path) for path in paths) if is_short else "-u"
            yield self._action(label, "Remove it, then:", f"git add {names}")
            yield self._action("Instead:", f"{storage_advice(paths[0], variable_of(credential))}.")

    def _action(self, label: str, action: str, command: str = "") -> list[str]:
        """Return the lines of one thing to do; a command stays on one line, to be copied."""
        lines = wrapped(f"{label} {action}", self._style.width - 4)
        fits = columns(lines[-1]) + columns(command) + 5 <= self._style.width
        if command and fits:
            lines[-1] += " " + command
        elif command:
            lines.append(command)
        lines[0] = self._style.action(label) + lines[0].removeprefix(label)
        return [("    " if index else "  ") + line for index, line in enumerate(lines)]

    def _paragraph(self, text: str, indent: str) -> Iterator[str]:
        yield from (indent + line for line in wrapped(text, self._style.width - len(indent)))


def telling_places(occurrences: Sequence[OccurrenceView]) -> list[OccurrenceView]:
    """Return up to SHOWN places in their order, different files before further lines or versions of one."""
    if len(occurrences) <= SHOWN:
        return list(occurrences)
    different: dict[tuple[str, str, str | None], int] = {}
    shown: dict[int, OccurrenceView] = {}
    others: list[int] = []
    for index, occurrence in enumerate(occurrences):
        file = occurrence["target"], occurrence["place"], occurrence["path"]
        if file not in different:
            different[file] = index
        elif len(others) < SHOWN:
            others.append(index)
        else:
            continue
        shown[index] = occurrence
        if len(different) == SHOWN:
            break
    chosen = [*different.values(), *others][:SHOWN]
    return [shown[index] for index in sorted(chosen)]
