"""The commits that a CI run concerns, by the event that started it: an entry for each kind of event.

GitHub Actions: https://docs.github.com/en/actions/reference/workflows-and-actions/variables,
https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows,
https://docs.github.com/en/webhooks/webhook-events-and-payloads (the file that GITHUB_EVENT_PATH names)
GitLab: https://docs.gitlab.com/ci/variables/predefined_variables/,
https://docs.gitlab.com/ci/jobs/job_rules/#ci_pipeline_source-predefined-variable
"""

from __future__ import annotations

import json
import os
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from akpatrol.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_CHECKOUT = "set `with: { fetch-depth: 0 }` on actions/checkout"
_CHECKOUT_OF_BASE = f"{_CHECKOUT} and then `run: git fetch origin refs/pull/${{{{ github.event.number }}}}/head`"
_DEPTH = 'set `variables: { GIT_DEPTH: "0" }` on the job'
# The cap that the webhook documentation states.
_LARGEST_EVENT = 25 << 20
_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# Characters that a ref name cannot contain: https://git-scm.com/docs/git-check-ref-format
_NO_BRANCH = re.compile(r"[\0-\x20\x7f~^:?*\[\\]|\.\.|@\{")
_BRANCH = "refs/heads/"


class EventRange(NamedTuple):
    """The commits of an event: those reachable from ``heads`` but not from ``bases``.

    ``merge`` is the merge of the head into its base that CI checks out. Without a base, the range starts at the merge
    base with the branch ``target``. ``branch_name`` is the pushed branch, ``tag`` the pushed tag. Without heads nothing
    is scanned, unless ``is_whole_history`` asks for the history of HEAD. ``pushed`` says that the bases are the earlier
    state of the branch itself, which the pusher may have written.
    """

    heads: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    merge: str = ""
    target: str = ""
    branch_name: str = ""
    tag: str = ""
    is_whole_history: bool = False
    pushed: bool = False


class Event(NamedTuple):
    """A kind of event: its name, how to recognise and read it, and the line that repairs a shallow checkout."""

    name: str
    applies: Callable[[CiEnvironment], bool]
    read: Callable[[CiEnvironment], EventRange]
    repair: str


class CiEnvironment:
    """The variables of a CI run and its event file: untrusted data, so every value is checked when it is read.

    Names in capitals are variables; ``a.b`` is the field b of the field a of the event.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def text(self, name: str) -> str:
        """Return a value, "" when it is missing. Raises UsageError unless it is a string."""
        if name.isupper():
            return self._environment.get(name, "")
        value: Any = self._event
        for part in name.split("."):
            if value is not None and not isinstance(value, dict):
                raise UsageError(f"GITHUB_EVENT_PATH: {name}: no such field: {part}")
            value = value.get(part) if value else None
        if value is not None and not isinstance(value, str):
            raise UsageError(f"GITHUB_EVENT_PATH: {name}: must be a string")
        return value or ""

    def id(self, name: str) -> str:
        """Return a commit's id, "" if it is missing or all zeros. Raises UsageError for anything else."""
        value = self.text(name)
        if value and not _ID.fullmatch(value):
            raise UsageError(f"{name}: not a commit id")
        return value if value.strip("0") else ""

    def ids(self, *names: str) -> tuple[str, ...]:
        """Return the ids that are set."""
        return tuple(filter(None, map(self.id, names)))

    def head(self, name: str) -> tuple[str]:
        """Return a required id. Raises UsageError when it is missing."""
        if id_ := self.id(name):
            return (id_,)
        raise UsageError(f"--range auto: {name} has no commit", hint="give the range as A..B")

    def branch(self, name: str) -> str:
        """Return a branch's name, "" for none and for a ref that is not a branch. Raises UsageError."""
        value = self.text(name)
        if _NO_BRANCH.search(value):
            raise UsageError(f"{name}: not a branch name")
        return value.removeprefix(_BRANCH) if value.startswith(_BRANCH) or not value.startswith("refs/") else ""

    @cached_property
    def _event(self) -> Any:
        file = self._environment.get("GITHUB_EVENT_PATH", "")
        if not os.path.isfile(file):  # a FIFO would be waited on
            raise UsageError("GITHUB_EVENT_PATH: not a regular file", hint="give the range as A..B")
        try:
            with open(file, "rb") as stream:
                content = stream.read(_LARGEST_EVENT + 1)
            if len(content) > _LARGEST_EVENT:
                raise UsageError("GITHUB_EVENT_PATH: too large for an event")
            event = json.loads(content)
        except OSError as error:
            raise UsageError(f"GITHUB_EVENT_PATH: {error.strerror}") from None
        except (ValueError, RecursionError):
            raise UsageError("GITHUB_EVENT_PATH: not JSON") from None
        if not isinstance(event, dict):
            raise UsageError("GITHUB_EVENT_PATH: not a JSON object")
        return event


def recognise(environment: Mapping[str, str]) -> tuple[Event, EventRange] | None:
    """Return the event that started this run and its range; None outside these CI systems. Raises UsageError."""
    facts = CiEnvironment(environment)
    for event in EVENTS:
        if event.applies(facts):
            return event, event.read(facts)
    return None


def _github(*names: str) -> Callable[[CiEnvironment], bool]:
    def applies(facts: CiEnvironment) -> bool:
        return facts.text("GITHUB_ACTIONS") == "true" and (not names or facts.text("GITHUB_EVENT_NAME") in names)

    return applies


def _pull_request(facts: CiEnvironment) -> EventRange:
    target, source = facts.branch("GITHUB_BASE_REF"), facts.branch("GITHUB_HEAD_REF")
    return EventRange(
        heads=facts.head("pull_request.head.sha"),
        bases=facts.ids("pull_request.base.sha"),
        # With pull_request_target this is the base's own commit.
        merge=facts.id("GITHUB_SHA") if facts.text("GITHUB_EVENT_NAME") == "pull_request" else "",
        target=target,
        branch_name=source if source != target else "",  # a fork's branch of that name is another one
    )


def _push(facts: CiEnvironment) -> EventRange:
    if facts.text("after") and not facts.id("after"):
        return EventRange()  # deleted
    return EventRange(
        heads=facts.head("after"),
        bases=facts.ids("before"),
        target=facts.branch("repository.default_branch"),
        branch_name=facts.branch("ref"),
        pushed=True,
    )


def _merge_group(facts: CiEnvironment) -> EventRange:
    return EventRange(
        heads=facts.head("merge_group.head_sha"),
        bases=facts.ids("merge_group.base_sha"),
        target=facts.branch("merge_group.base_ref"),
        branch_name=facts.branch("merge_group.head_ref"),
    )


def _merge_request(facts: CiEnvironment) -> EventRange:
    target, source = (facts.branch(f"CI_MERGE_REQUEST_{side}_BRANCH_NAME") for side in ("TARGET", "SOURCE"))
    return EventRange(
        heads=facts.head("CI_COMMIT_SHA"),
        # The second one is set in merged results pipelines, whose commit is a merge of it.
        bases=facts.ids("CI_MERGE_REQUEST_DIFF_BASE_SHA", "CI_MERGE_REQUEST_TARGET_BRANCH_SHA"),
        target=target or facts.branch("CI_DEFAULT_BRANCH"),
        branch_name=source if source != target else "",
    )


def _branch(facts: CiEnvironment) -> EventRange:
    return EventRange(
        heads=facts.head("CI_COMMIT_SHA"),
        bases=facts.ids("CI_COMMIT_BEFORE_SHA"),
        target=facts.branch("CI_DEFAULT_BRANCH"),
        branch_name=facts.branch("CI_COMMIT_BRANCH"),
        tag=facts.branch("CI_COMMIT_TAG"),
        pushed=True,
    )


def _in_gitlab(facts: CiEnvironment) -> bool:
    return facts.text("GITLAB_CI") == "true"


def _is_merge_request(facts: CiEnvironment) -> bool:
    # A child pipeline of one has another source, and the variables of its parent.
    by_source = facts.text("CI_PIPELINE_SOURCE") == "merge_request_event"
    return _in_gitlab(facts) and (by_source or bool(facts.text("CI_MERGE_REQUEST_DIFF_BASE_SHA")))


def _is_push(facts: CiEnvironment) -> bool:
    by_source = facts.text("CI_PIPELINE_SOURCE") == "push"
    return _in_gitlab(facts) and (by_source or bool(facts.id("CI_COMMIT_BEFORE_SHA")))


def _whole_history(_: CiEnvironment) -> EventRange:
    return EventRange(is_whole_history=True)


# The first event that applies counts.
EVENTS = (
    Event("GitHub pull_request", _github("pull_request"), _pull_request, _CHECKOUT),
    Event("GitHub pull_request_target", _github("pull_request_target"), _pull_request, _CHECKOUT_OF_BASE),
    Event("GitHub push", _github("push"), _push, _CHECKOUT),
    Event("GitHub merge_group", _github("merge_group"), _merge_group, _CHECKOUT),
    Event("GitHub schedule, workflow_dispatch, others", _github(), _whole_history, _CHECKOUT),
    Event("GitLab merge request", _is_merge_request, _merge_request, _DEPTH),
    Event("GitLab branch or tag", _is_push, _branch, _DEPTH),
    Event("GitLab schedule, web, others", _in_gitlab, _whole_history, _DEPTH),
)
