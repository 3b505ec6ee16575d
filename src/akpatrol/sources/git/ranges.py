"""Resolve a range to commits: as the user wrote it, or from the environment of a hook or a CI run.

https://git-scm.com/docs/gitrevisions, https://pre-commit.com/#pre-push
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import GitError, UsageError
from akpatrol.model.scan import Skipped
from akpatrol.sources.git import catfile, ci
from akpatrol.sources.git.missing_commits import shallow_boundary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from akpatrol.sources.git.ci import Event, EventRange
    from akpatrol.sources.git.runner import Git

# The commits that no remote ref holds.
_UNPUBLISHED = ("--not", "--remotes")
_REMOTES = "refs/remotes/"
_SHORT = 12


class Range(NamedTuple):
    """``rev-list`` arguments, none for no commits, and the annotated tags that name the end.

    ``skips`` are missing parts of the range, ``repair`` says what to do when the clone is too shallow,
    ``note`` how the range was chosen. ``open`` says that all ancestors of its end are in the range, so that the
    files of a shallow clone's oldest commits are too. ``trunk`` is the ref of the branch whose policy counts when the
    same person may have written the range's start and its end. ``to_push`` says that the range is about to be pushed.
    """

    revisions: tuple[str, ...]
    tags: tuple[str, ...] = ()
    skips: tuple[Skipped, ...] = ()
    repair: str = "run git fetch --deepen=100 (or --unshallow)"
    note: str = ""
    open: bool = True
    trunk: str = ""
    to_push: bool = False


def resolve(git: Git, wanted: str, environment: Mapping[str, str]) -> Range:
    """Return a range as the user wrote it, ``auto`` included. Raises UsageError."""
    if wanted != "auto":
        return _parse(git, wanted)
    start, end, branch = (environment.get(f"PRE_COMMIT_{name}") for name in ("FROM_REF", "TO_REF", "LOCAL_BRANCH"))
    if start and end:
        return _parse(git, f"{start}..{end}")._replace(to_push=True)
    if not end and not branch and (found := ci.recognise(environment)):
        return _from_event(git, *found)
    tags = dict.fromkeys(tag for name in (end, branch) for tag in _tag_objects(git, name or ""))
    return Range((*_tips(git, branch), *_UNPUBLISHED), tuple(tags), to_push=True)


def is_commit(git: Git, name: str) -> bool:
    """Return whether a name leads to a commit of the repository."""
    return bool(_peeled(git, name))


def is_range(git: Git, name: str) -> bool:
    """Return whether a name has dots after or before a commit of the repository."""
    left, dots, right = name.partition("..")
    return bool(dots) and any(side and is_commit(git, side) for side in (left, right.removeprefix(".")))


def unpublished(git: Git, wanted: Range) -> frozenset[str]:
    """Return the commits of a range that no remote-tracking branch holds; none where git cannot say."""
    if not wanted.revisions:
        return frozenset()
    try:
        # A second --not would take the first one back.
        published = _UNPUBLISHED[1:] if "--not" in wanted.revisions else _UNPUBLISHED
        listed = git.run("rev-list", *wanted.revisions, *published)
    except GitError:
        return frozenset()
    return frozenset(listed.decode("ascii", "replace").split())


def _parse(git: Git, wanted: str) -> Range:
    left, dots, right = wanted.partition("..")
    if not dots:
        raise UsageError(f"--range {wanted}: not a range", hint="write A..B, A...B, or auto")
    symmetric = right.startswith(".")
    end = right.removeprefix(".")
    if missing := [skip for name in (left, end) if name.strip("0") and (skip := _missing_commit(git, name))]:
        last = _peeled(git, end or "HEAD")
        return Range((last,) if last else (), _tag_objects(git, end), tuple(missing), open=False)
    last, tags = _commit_id(git, end or "HEAD"), _tag_objects(git, end)
    if left and not left.strip("0"):  # how git and CI denote a new branch
        return Range((last, "--not", *_others(git, {last})), tags)
    first = _commit_id(git, left or "HEAD")
    if symmetric:
        return Range((first, last, "--not", *_merge_bases(git, first, last)), tags)
    return Range((last, "--not", first), tags)


def _from_event(git: Git, event: Event, event_range: EventRange) -> Range:
    """Return the range of a CI event; where it cannot be exact, it is too large rather than too small."""
    prefix = f"--range auto: {event.name}: "
    if event_range.is_whole_history:
        return _whole_history(git, event, prefix + "the whole history of HEAD")
    if not event_range.heads:
        return Range((), note=prefix + "the branch was deleted, so there is nothing to scan")
    heads = {id_: _peeled(git, id_) for id_ in event_range.heads}
    merge, base = _merge(git, event_range)
    tips = [*filter(None, heads.values()), *merge]
    bases = [*filter(None, (_peeled(git, id_) for id_ in event_range.bases)), *base]
    missing = [id_ for id_, found in heads.items() if not found]
    if bases:
        chosen = "since " + ", ".join(id_[:_SHORT] for id_ in dict.fromkeys(bases))
    elif event_range.bases and shallow_boundary(git):
        missing += event_range.bases
        chosen = "its start is not in this shallow clone"
    else:
        bases, chosen = _fallback_start(git, event_range, {*tips})
    named = (*event_range.heads, f"refs/tags/{event_range.tag}" if event_range.tag else "")
    return Range(
        revisions=(*tips, "--not", *bases) if tips else (),
        tags=tuple(tag for name in named for tag in _tag_objects(git, name)),
        skips=tuple(Skipped(id_, f"the range needs this commit, which is missing: {event.repair}") for id_ in missing),
        repair=event.repair,
        note=prefix + chosen,
        open=not bases and not missing and _is_default(event_range),
        trunk=f"{_REMOTES}origin/{event_range.target}"
        if event_range.pushed and event_range.target and not _is_default(event_range)
        else "",
    )


def _whole_history(git: Git, event: Event, note: str) -> Range:
    if has_commits(git):
        return Range(("HEAD",), repair=event.repair, note=note)
    return Range((), skips=(Skipped("HEAD", f"names no commit: {event.repair}"),), note=note)


def _merge(git: Git, event_range: EventRange) -> tuple[list[str], list[str]]:
    """Return the merge that CI made, if it is here, and its first parent, the base as it was then."""
    merge = _peeled(git, event_range.merge) if event_range.merge else ""
    second = _peeled(git, f"{merge}^2") if merge else ""
    return [merge] if merge else [], [_peeled(git, f"{merge}^1")] if second and second in event_range.heads else []


def _fallback_start(git: Git, event_range: EventRange, tips: set[str]) -> tuple[list[str], str]:
    """Return where to start when no start that CI names exists here: a new branch, a force push."""
    if _is_default(event_range):
        return [], "the whole history of the default branch, because its earlier state is unknown"
    target = _remotes(git).get(f"{_REMOTES}origin/{event_range.target}")
    # When it is not known which branch was pushed, it may be this one.
    if target and (event_range.branch_name or target not in tips):
        return [target], "since the merge base with the target or default branch"
    return _others(git, tips, event_range.branch_name), "what no other remote branch holds"


def _is_default(event_range: EventRange) -> bool:
    return bool(event_range.branch_name) and event_range.branch_name == event_range.target


def _others(git: Git, tips: set[str], branch_name: str = "") -> list[str]:
    """Return the ids that remote refs point to, except the new branch's, which CI's checkout includes."""
    names = _remotes(git)
    names.pop(f"{_REMOTES}origin/{branch_name}", None)
    if branch_name:
        names.pop(f"{_REMOTES}origin/HEAD", None)  # the branch that it points to is listed under its own name
    return [id_ for id_ in dict.fromkeys(names.values()) if id_ not in tips]


def _remotes(git: Git) -> dict[str, str]:
    lines = git.run("for-each-ref", "--format=%(objectname) %(refname)", _REMOTES).decode("utf-8", "surrogateescape")
    return {name: id_ for id_, _, name in (line.partition(" ") for line in lines.split("\n") if line)}


def _tag_objects(git: Git, end: str) -> tuple[str, ...]:
    """Return the annotated tags by which a range's end is named, outermost first: they are pushed with it."""
    found: list[str] = []
    while end:
        id_ = git.run("rev-parse", "--verify", "--quiet", "--end-of-options", end, accept=(0, 1, 128)).decode().strip()
        kind, data = catfile.contents(git, [id_]).get(id_, ("", b"")) if id_ else ("", b"")
        if kind != "tag":
            break
        found.append(id_)
        end = data.partition(b"\n")[0].removeprefix(b"object ").decode("ascii", "replace")
    return tuple(found)


def _tips(git: Git, branch: str | None) -> tuple[str, ...]:
    if branch:
        return (_commit_id(git, branch),)
    return ("HEAD", "--branches") if has_commits(git) else ("--branches",)


def has_commits(git: Git) -> bool:
    """Return whether HEAD names a commit that exists."""
    return bool(git.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}", accept=(0, 1)))


def _missing_commit(git: Git, name: str) -> Skipped | None:
    """Return a skip when a name resolves to a commit that is missing because the object database is damaged."""
    id_ = git.run("rev-parse", "--verify", "--quiet", "--end-of-options", name, accept=(0, 1, 128)).decode().strip()
    if not id_ or next((type_ for _, type_ in catfile.types(git, [id_])), ""):
        return None
    if id_ == name:
        from akpatrol.sources.git.packs.problems import find_problems  # noqa: PLC0415 - only for what is not there

        problem = next(find_problems(git), None)  # else it is a mistake, or a shallow clone's
        return problem and Skipped(
            id_, f"the range needs this commit, which is missing: {problem.item}: {problem.reason}"
        )
    return Skipped(id_, f"the range needs this commit, named by {name}, which is missing: fetch it again")


def _commit_id(git: Git, name: str) -> str:
    if id_ := _peeled(git, name):
        return id_
    raise UsageError(
        f"--range: {name} is not a commit of this repository",
        hint="in a shallow clone fetch it first: git fetch --deepen=100 (or --unshallow)",
    )


def _peeled(git: Git, name: str) -> str:
    """Return the id of the commit that a name leads to, "" when it is not here."""
    try:
        return git.run("rev-parse", "--verify", "--quiet", "--end-of-options", name + "^{commit}").decode().strip()
    except GitError:
        return ""


def _merge_bases(git: Git, first: str, last: str) -> Sequence[str]:
    return git.run("merge-base", "--all", first, last, accept=(0, 1)).decode().split()
