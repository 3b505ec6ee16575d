"""What was there before a push decides about it: policy comes from a commit that the repository already had."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.cli.options import resolve
from akpatrol.errors import UsageError
from akpatrol.pipeline.base_policy import CommitPolicy
from akpatrol.policy import decide
from akpatrol.rules import rule_file

if TYPE_CHECKING:
    from akpatrol.cli.options import Flags
    from akpatrol.config.options import Settings
    from akpatrol.sources.git.runner import Git

_SHORT = 12


def settings(flags: Flags, git: Git) -> Settings:
    """Return the settings of the server's flags and of the default branch as it was; ``git`` sees no other.

    A policy there that cannot be used is none, which the message says: it must not keep out the push that mends it.
    """
    own = resolve(flags, None, None)
    if id_ := _base(git):
        base = CommitPolicy(git, id_)
        try:
            found = resolve(flags, base.root, base.root, base)
            decide.prepare(found)
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
