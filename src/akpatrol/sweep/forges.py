"""The options ``--github-org``, ``--gitlab-group`` and ``--forge-url``, with the token of each forge."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import UsageError
from akpatrol.model.scan import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from akpatrol.model.scan import Secret
    from akpatrol.sweep.run import Planned

_TOKENS = {"github": ("GITHUB_TOKEN", "GH_TOKEN"), "gitlab": ("GITLAB_TOKEN",)}


class Forge(NamedTuple):
    """An organization or a group of a forge; ``url`` is its API, None for the public one."""

    kind: str
    name: str
    url: str | None
    token: str | None

    def repositories(self) -> Iterator[Planned]:
        """Return the repositories that the forge lists. Raises UsageError, at once, for unusable options."""
        from akpatrol.sweep import forge  # noqa: PLC0415 - httpx, which few sweeps need

        list_ = {"github": forge.github, "gitlab": forge.gitlab}[self.kind]
        listing = list_(self.name, self._api(), self.token)
        first = list(islice(listing, 1)) or [Skipped(self.name, f"{self.kind} lists no repositories")]

        def listed() -> Iterator[Planned]:
            yield from first
            try:
                yield from listing
            except forge.ForgeError as error:
                yield Skipped(self.name, str(error))

        return listed()

    def access(self) -> Mapping[str, Secret]:
        """Return the ``Authorization`` header for clones, by origin."""
        from akpatrol.sweep import forge  # noqa: PLC0415 - httpx, which few sweeps need

        return forge.access(self.kind, self._api(), self.token)

    def _api(self) -> str:
        from akpatrol.sweep import forge  # noqa: PLC0415 - httpx, which few sweeps need

        return self.url or {"github": forge.GITHUB, "gitlab": forge.GITLAB}[self.kind]


def forges_of(
    github: Sequence[str], gitlab: Sequence[str], url: str | None, environment: Mapping[str, str]
) -> tuple[Forge, ...]:
    """Return the requested forges. Raises UsageError for one URL with both kinds."""
    if url and github and gitlab:
        raise UsageError("--forge-url names one forge, but two were requested", hint="sweep them separately")
    wanted = [*(("github", name) for name in github), *(("gitlab", name) for name in gitlab)]
    tokens = {kind: next(filter(None, map(environment.get, names)), None) for kind, names in _TOKENS.items()}
    return tuple(Forge(kind, name, url, tokens[kind]) for kind, name in wanted)
