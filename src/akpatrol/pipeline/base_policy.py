"""Policy from a commit that a change did not write: the base of a range, or the default branch before a push."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from akpatrol.config.environment import BASELINE, FILE_NAME
from akpatrol.errors import UsageError
from akpatrol.pipeline import rules_in_force
from akpatrol.policy import decide
from akpatrol.sources.git import range_base
from akpatrol.sources.git.committed import CommittedFiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.config.files import Files
    from akpatrol.config.settings import Settings
    from akpatrol.model.credential import Credential
    from akpatrol.policy.in_force import Configure
    from akpatrol.sources.git.runner import Git

_SHORT = 12


class NoFiles:
    """The files of no commit."""

    def name(self, path: str) -> str:
        """Return the path."""
        return path

    def is_file(self, path: str) -> bool:  # noqa: ARG002 - there is none
        """Return False."""
        return False

    def problem(self, path: str) -> str:  # noqa: ARG002 - there is none
        """Return nothing."""
        return ""

    def listing(self, path: str) -> list[str] | None:  # noqa: ARG002 - there is none
        """Return None."""
        return None

    def read(self, path: str, most: int) -> bytes:  # noqa: ARG002 - there is none
        """Raise UsageError."""
        raise UsageError(f"{path}: the range has no base commit to read it from")


class RangePolicy:
    """Policy of the base of a range of ``revisions``; ``root`` is the work tree, ``trunk`` as in a Range."""

    def __init__(self, git: Git, root: str, revisions: Sequence[str], trunk: str = "") -> None:
        self._git = git
        self._root = root
        self.commit = range_base.commit(git, revisions, trunk) if revisions else None
        committed = CommittedFiles(git, self.commit, root) if self.commit else None
        self.files: Files = committed or NoFiles()
        self.absent = committed.absent if committed else {}
        self.notices = [] if self.commit or not revisions else self._without_base()

    def inside(self, path: str) -> str | None:
        """Return a path below the root, also one that leads there through links; None for one outside."""
        absolute = os.path.abspath(path)
        directory, name = os.path.split(absolute)
        for candidate in (absolute, os.path.join(os.path.realpath(directory), name), os.path.realpath(absolute)):
            if candidate.startswith(self._root + os.sep):
                return candidate
        return None

    def trusts(self, credential: Credential) -> bool:
        """Return whether the base itself allows this credential in a comment, in any file."""
        from akpatrol.policy import inline  # noqa: PLC0415 - only where a comment is found

        secret, is_foreign = credential.secret.reveal(), credential.kind.is_custom
        for content in range_base.contents_with(self._git, self.commit, secret) if self.commit else ():
            start = content.find(secret)
            while start >= 0:
                end = start + len(secret)
                if inline.find(content, start, end) or (is_foreign and inline.foreign(content, start, end)):
                    return True
                start = content.find(secret, start + 1)
        return False

    def _without_base(self) -> list[str]:
        """Report the checkout's policy files that are ignored."""
        names = [name for name in (FILE_NAME, BASELINE) if os.path.exists(os.path.join(self._root, name))]
        if not names:
            return []
        return [
            f"the range has no base commit to read policy from, so the checkout's {' and '.join(names)} are ignored"
        ]


class CommitPolicy:
    """Policy of one commit, as if it were checked out; files that flags name are the server's."""

    def __init__(self, git: Git, id_: str) -> None:
        self.root = os.path.join(os.fsdecode(git.repository.git_dir), f"commit {id_}")
        self.files: Files = CommittedFiles(git, id_, self.root)
        self.notices: list[str] = []

    def inside(self, path: str) -> str | None:
        """Return a path below the root, None for one outside."""
        return path if path.startswith(self.root + os.sep) else None

    def trusts(self, credential: Credential) -> bool:  # noqa: ARG002 - comments never count
        """Return False."""
        return False


def problem_of_checkout(configure: Configure, top: str) -> str:
    """Return the policy problem that merging the range would cause; afterwards, no fix could be merged."""
    try:
        settings = configure(top, top)
        file = settings.policy.baseline
        if settings.only_rules.globs or settings.skip_rule.globs:
            rules_in_force.load(settings)
        if file:
            from akpatrol.policy import baseline  # noqa: PLC0415 - most runs have none

            baseline.parse(file.content, file.name)
    except UsageError as error:
        return f"the checkout's own policy, which applies once it is merged, is invalid: {error}"
    return ""


def settings_before(configure: Configure, git: Git) -> Settings:
    """Return the settings of the server's flags and of the default branch before a push; ``git`` sees no other.

    An unusable policy there is ignored with a notice: it must not block the push that fixes it.
    """
    settings = configure(None, None)
    if id_ := _default_branch(git):
        base = CommitPolicy(git, id_)
        try:
            in_base = configure(base.root, base.root, base)
            decide.prepare(in_base)
            rules_in_force.load(in_base)
            settings = in_base
        except UsageError as error:
            notice = f"the policy of commit {id_[:_SHORT]} is ignored: {error}"
            settings = settings._replace(policy=settings.policy._replace(notices=(*settings.policy.notices, notice)))
    return settings._replace(policy=settings.policy._replace(inline=False))


def _default_branch(git: Git) -> str:
    """Return the tip of the default branch, "" when there is none.

    Not the tip of the branch that is pushed: someone could push an allowance first, and then the secret.
    """
    return git.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}", accept=(0, 1, 128)).decode().strip()
