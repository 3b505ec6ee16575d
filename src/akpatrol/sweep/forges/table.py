"""The table of forges: one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.sweep.forges import azure, bitbucket, gitea, github, gitlab

if TYPE_CHECKING:
    from akpatrol.sweep.forges.base import ForgeKind

FORGES: dict[str, ForgeKind] = {
    kind.name: kind
    for kind in (
        github.KIND,
        gitlab.KIND,
        gitea.KIND,
        bitbucket.KIND,
        azure.KIND,
    )
}
