"""What was there before a push decides about it: policy comes from a commit that the repository already had."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from akpatrol.cli import policy
from akpatrol.cli.options import resolve
from akpatrol.errors import UsageError
from akpatrol.rules import rule_file
from akpatrol.sources.git.committed import CommittedFiles

if TYPE_CHECKING:
    from akpatrol.cli.options import Flags
    from akpatrol.config.files import Files
    from akpatrol.config.options import Settings
    from akpatrol.model.credential import Credential
    from akpatrol.sources.git.runner import Git

_SHORT = 12


class _Commit:
    """The files of a commit, called as if it lay where nothing lies: what flags name is the server's own."""

    def __init__(self, git: Git, id_: str) -> None:
        self.root = os.path.join(os.fsdecode(git.repository.git_dir), f"commit {id_}")
        self.files: Files = CommittedFiles(git, id_, self.root)
        self.notices: list[str] = []

    def own(self, path: str) -> str | None:
        return path if path.startswith(self.root + os.sep) else None

    def trusts(self, credential: Credential) -> bool:  # noqa: ARG002 - comments never count
        return False


def settings(flags: Flags, git: Git) -> Settings:
    """Return the settings of the server's flags and of the default branch as it was; ``git`` sees no other.

    A policy there that cannot be used is none, which the message says: it must not keep out the push that mends it.
    """
    own = resolve(flags, None, None)
    if id_ := _base(git):
        side = _Commit(git, id_)
        try:
            found = resolve(flags, side.root, side.root, side)
            policy.prepare(found)
            rule_file.load(found.rules)
            own = found
        except UsageError as error:
            notice = f"the policy of commit {id_[:_SHORT]} is not in force: {error}"
            own = own._replace(policy=own.policy._replace(notices=(*own.policy.notices, notice)))
    return own._replace(policy=own.policy._replace(inline=False))


def _base(git: Git) -> str:
    """Return the tip of the default branch, "" when there is none.

    Not that of the branch that moves: who may push to it could first push his own leave, and then the secret.
    """
    return git.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}", accept=(0, 1, 128)).decode().strip()
