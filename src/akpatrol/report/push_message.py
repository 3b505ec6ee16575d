"""The message for the person who pushes: from a server, after ``remote: ``, or before anything has left the machine.

https://git-scm.com/docs/githooks#pre-receive: both of the hook's streams are forwarded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.kinds import named
from akpatrol.model.scan import Place
from akpatrol.report import document
from akpatrol.report.allowing import how_to_allow
from akpatrol.report.number_words import plural
from akpatrol.report.overview import coverage_words, findings_of
from akpatrol.report.text_credential import telling_places
from akpatrol.report.text_safety import head, middle_out, visible, wrapped
from akpatrol.report.wording import SHORT_ID, credential_name, location, short_names, short_ref

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.model.report import Report
    from akpatrol.report import RenderOptions
    from akpatrol.report.view import CredentialView, SkipView
    from akpatrol.sources.git.walked_commit import WalkedCommit

_WIDTH = 72
_SHOWN = 5
_REASONS = 3
_CONTEXT_WIDTH = 60
_IN_COMMITS = {Place.CONTENT, Place.PATH, Place.COMMIT_MESSAGE, Place.AUTHOR, Place.COMMITTER}
_IN_TAGS = {Place.TAG_MESSAGE, Place.TAGGER}


class Outlook(NamedTuple):
    """Whom to ask, and what follows: from what could not be scanned, and from findings.

    ``is_local`` says that this machine itself stops the push, before anything has left it; ``by_hand`` that no push is
    under way.
    """

    contact: str = ""
    fail_open: bool = False
    exit_zero: bool = False
    is_local: bool = False
    by_hand: bool = False

    @property
    def whom(self) -> str:
        """The person who may allow a finding."""
        return visible(self.contact) or "the administrators of this server"

    @property
    def refused(self) -> str:
        """The beginning of a verdict against the push."""
        if self.by_hand:
            return "akpatrol: do not push:"
        return "akpatrol: push stopped:" if self.is_local else "akpatrol: push refused:"

    def out_of_time(self, *, has_credentials: bool) -> str:
        """Describe the result when time runs out."""
        if has_credentials:
            verdict = "push accepted, but" if self.exit_zero else "push refused:"
            return _as_message(f"akpatrol: {verdict} it contains a credential; time ran out before it could be located")
        return _as_message(f"{self.unread()}: time ran out. {self.again()}")

    def unread(self) -> str:
        """Return what follows from an incomplete scan."""
        if self.fail_open:
            return "akpatrol: warning: push accepted, although not all of it could be scanned"
        return f"{self.refused} not all of it could be scanned"

    def again(self) -> str:
        """Say what to do about it."""
        if self.fail_open:
            return ""
        if self.is_local:
            return "Fix what could not be scanned, then push again."
        return f"Push again, in smaller parts if it is large; otherwise ask {self.whom}."


def render(report: Report, options: RenderOptions, outlook: Outlook, commits: Sequence[WalkedCommit]) -> str:
    """Return the message, empty when no action is needed; ``commits`` are the push's, children first."""
    view = document.build_visible(report, options, digest=False)
    findings = findings_of(view)
    lines: list[str] = []
    if findings:
        lines += _findings(findings, outlook, commits, options)
    if not view["coverage"]["complete"]:
        lines += [""] * bool(lines) + list(_gaps(view["coverage"]["skipped"], outlook, has_findings=bool(findings)))
    for notice in view["notices"]:
        lines += wrapped(notice, _WIDTH)
    if options.verbose:
        lines += wrapped(coverage_words(view), _WIDTH)
    return "".join(f"{line}\n" for line in lines)


def _findings(
    findings: Sequence[CredentialView], outlook: Outlook, commits: Sequence[WalkedCommit], options: RenderOptions
) -> Iterator[str]:
    brings = f"it contains {plural(len(findings), 'credential')}"
    left = ". Nothing has left this machine yet." if outlook.is_local else ""
    accepted = outlook.exit_zero and not outlook.is_local
    yield from wrapped(
        f"akpatrol: push accepted, but {brings}" if accepted else f"{outlook.refused} {brings}{left}", _WIDTH
    )
    for credential in findings[:_SHOWN]:
        yield ""
        yield from _credential(credential)
    if (more := len(findings) - _SHOWN) > 0:
        yield from ["", f"and {plural(more, 'more credential')}"]
    yield from ["", "What to do:"]
    for number, (step, command) in enumerate(_steps(findings, commits, outlook), 1):
        for index, line in enumerate(wrapped(step, _WIDTH - 3)):
            yield ("   " if index else f"{number}. ") + line
        if command:
            yield "     " + command
    if outlook.is_local:
        names = short_names(credential["fingerprint"] for credential in findings)
        sentence, command = how_to_allow("range", [*names.values()], options)
        yield from ["", *wrapped(sentence, _WIDTH), "  " + command]
        return
    yield from wrapped(f"Not a credential, or known and harmless? Ask {outlook.whom} to allow", _WIDTH)
    yield from (f"  {credential['fingerprint']}" for credential in findings[:_SHOWN])


def _credential(credential: CredentialView) -> Iterator[str]:
    id_ = f", key id {head(credential['key_id'], 24)}" if credential["key_id"] else ""
    yield from wrapped(f"{credential['redacted']}  {credential_name(credential)}{id_}", _WIDTH)
    places = telling_places(credential["occurrences"])
    for place in places:
        yield "  " + middle_out(location({**place, "refs": [short_ref(ref) for ref in place["refs"]]}), 200)
        if commit := place["introduced"]:
            noun = "tag" if place["place"] in _IN_TAGS else "commit"
            author = commit["author"].partition(" <")[0]
            named = f'{noun} {commit["id"][:SHORT_ID]}, {author}, "{commit["summary"]}"'
            yield "    " + head(named, _WIDTH - 4)
        if place["context"] and place["place"] not in (Place.REF_NAME, Place.PATH):
            yield "    | " + head(place["context"], _CONTEXT_WIDTH)
    if more := len(credential["occurrences"]) - len(places):
        yield f"  and {plural(more, 'more place')}"


def _steps(
    findings: Sequence[CredentialView], commits: Sequence[WalkedCommit], outlook: Outlook
) -> Iterator[tuple[str, str]]:
    """Yield what to do, each with a command that stays on its line."""
    if not outlook.is_local:
        yield _deletion(findings), ""
    places = [place for credential in findings for place in credential["occurrences"]]
    kinds = {place["place"] for place in places}
    if kinds & _IN_COMMITS:
        yield _rewriting({place["introduced"]["id"] for place in places if place["introduced"]}, commits)
        if removed := next((place["removed"] for place in places if place["removed"]), None):
            short = removed["id"][:SHORT_ID]
            yield f"Commit {short} removed it, which is not enough: the push still carries the commit before it.", ""
    if kinds & _IN_TAGS:
        yield "Recreate the tag without it.", "git tag --force --annotate <tag> <commit>"
    if Place.REF_NAME in kinds:
        yield "Rename the branch or tag.", ""
    yield "Push again.", ""


def _deletion(findings: Sequence[CredentialView]) -> str:
    ours = [credential for credential in findings if not named(credential["kind"]).is_custom]
    pages = set(filter(None, (credential["remediation"]["page"] for credential in ours)))
    at = f" at {' and '.join(sorted(pages))}" if pages else ""
    at += " in your Anyreach organization" if any(page.startswith("/") for page in pages) else ""
    ways = [f"delete it{at} now"] if ours else []
    ways += ["revoke it now where it was issued"] if len(ours) < len(findings) else []
    return f"If it was ever real, it has left your machine: {' or '.join(ways)} and replace it where it is used."


def _rewriting(ids: set[str], commits: Sequence[WalkedCommit]) -> tuple[str, str]:
    """Return how to take it out of the commits: the first that has it is the one to begin with."""
    first = next((commit for commit in reversed(commits) if commit.id in ids), None)
    if not first:
        return (
            "Remove it from the commits that hold it. No ref that you push reaches them: push from a fresh clone.",
            "",
        )
    short = first.id[:SHORT_ID]
    if commits and first.id == commits[0].id:
        return f"Remove it from the commit {short} itself; a further commit does not help:", "git commit --amend"
    start = f"{short}^" if first.parents else "--root"
    return (
        f"Remove it from the commits themselves; a further commit does not help. The first is {short}; mark it `edit`:",
        f"git rebase --interactive --rebase-merges {start}",
    )


def _gaps(skipped: Sequence[SkipView], outlook: Outlook, *, has_findings: bool) -> Iterator[str]:
    unread = [skip for skip in skipped if skip["accepted"] is None]
    opening = "Not all of the push could be scanned" if has_findings else outlook.unread()
    yield from wrapped(f"{opening}:", _WIDTH)
    for skip in unread[:_REASONS]:
        yield from ("  " + line for line in wrapped(f"{middle_out(skip['item'], 60)}: {skip['reason']}", _WIDTH - 2))
    if (more := len(unread) - _REASONS) > 0:
        yield f"  and {more:,} more"
    if not has_findings and not outlook.fail_open:
        yield from wrapped(outlook.again(), _WIDTH)


def _as_message(text: str) -> str:
    return "".join(f"{line}\n" for line in wrapped(text.rstrip(), _WIDTH))
