"""The organizations that a command line names: their repositories, and what is read beside them.

A token goes to the forge's own host and nowhere else. An entry that cannot be listed is reported, never left out.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from akpatrol.errors import AkpatrolError, UsageError
from akpatrol.model.scan import Secret, Skipped
from akpatrol.sources.forge.refusals import RefusedError
from akpatrol.sources.forge.site import ForgeSite, basic
from akpatrol.sweep.forges import includes
from akpatrol.sweep.forges.table import FORGES
from akpatrol.sweep.urls import CloneWanted, checked, displayed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import httpx

    from akpatrol.sources.forge.client import ForgeClient
    from akpatrol.sources.forge.resource import Resource
    from akpatrol.sources.forge.site import Login
    from akpatrol.sweep.forges.base import ForgeAddresses, ForgeKind, HostedRepository
    from akpatrol.sweep.run import Planned


class Forge(NamedTuple):
    """An organization of a forge, the login that the environment has, and what is to be read beside code."""

    kind: ForgeKind
    name: str
    addresses: ForgeAddresses
    login: Login
    token: Secret | None
    authorization: Secret | None
    include: tuple[Resource, ...] = ()

    @property
    def site(self) -> ForgeSite:
        """Its API."""
        variable = self.login.variables[0]
        return ForgeSite(self.kind.name, self.addresses.api, self.authorization, variable, self.kind.headers)

    def repositories(
        self, client: httpx.Client | None = None, wait: Callable[[float], None] | None = None
    ) -> Iterator[Planned]:
        """Return what the forge lists. Raises UsageError and ForgeError, at once, when it does not begin to."""
        from akpatrol.sources.forge.client import ForgeClient  # noqa: PLC0415 - httpx, which few sweeps need

        listing = self._listed(ForgeClient(self.site, client, wait))
        try:
            first = list(islice(listing, 1)) or [Skipped(self.name, f"{self.kind.name} lists no repositories")]
        except AkpatrolError as error:
            raise _unlisted(error, self) from None

        def listed() -> Iterator[Planned]:
            yield from first
            number = 1
            try:
                for number, planned in enumerate(listing, 2):  # noqa: B007 - said when the listing ends
                    yield planned
            except AkpatrolError as error:
                yield Skipped(self.name, f"{error}; what it lists after {number:,} entries is not known")

        return listed()

    def access(self) -> Mapping[str, Secret]:
        """Return the ``Authorization`` header for clones, by origin; nothing without a token."""
        git = self._git()
        return {self.addresses.clones: git} if git else {}

    def _git(self) -> Secret | None:
        return basic(self.login.git_user, self.token) if self.token else None

    def _listed(self, client: ForgeClient) -> Iterator[Planned]:
        with client:
            repositories = self.kind.repositories(client, self.addresses, self.name)
            for repository, beside in includes.of_repositories(self.include, client, repositories):
                yield _wanted(repository, self.addresses.clones)
                yield from beside
            yield from includes.of_organization(self.include, client, self.addresses, self.name.strip("/"))


def forges_of(
    organizations: Sequence[tuple[str, str]],
    urls: Mapping[str, str | None],
    include: str,
    environment: Mapping[str, str],
) -> tuple[Forge, ...]:
    """Return the requested forges: pairs of a kind and a name; ``urls`` are servers of one's own, by option.

    Raises UsageError for unusable options.
    """
    for option, url in urls.items():
        kinds = {kind for kind, _ in organizations if FORGES[kind].url_option == option}
        if url and len(kinds) > 1:
            raise UsageError(f"{option} names one forge, but two were requested", hint="sweep them separately")
        if url and not kinds:
            takers = " or ".join(kind.option for kind in FORGES.values() if kind.url_option == option)
            raise UsageError(f"{option} is given, but no organization of that forge", hint=f"give {takers} NAME")
    words = includes.words_of(include, [kind for kind, _ in organizations])
    return tuple(
        forge_of(kind, name, urls.get(FORGES[kind].url_option), environment, includes.chosen(words, kind))
        for kind, name in organizations
    )


def forge_of(
    kind_name: str,
    name: str,
    url: str | None,
    environment: Mapping[str, str],
    include: tuple[Resource, ...] = (),
) -> Forge:
    """Return an organization, at the public forge or at a URL. Raises UsageError."""
    kind = FORGES[kind_name]
    if not (url or kind.public):
        raise UsageError(f"{kind.option} requires {kind.url_option}", "for example https://codeberg.org")
    logins = [kind.login, *filter(None, [kind.other_login])]
    login, token = next(((login, token) for login in logins if (token := login.token(environment))), (kind.login, None))
    addresses = kind.addresses(url or kind.public)
    return Forge(kind, name, addresses, login, token, login.header(token, environment), include)


def _wanted(repository: HostedRepository, clones: str) -> CloneWanted | Skipped:
    item = repository.name or displayed(repository.url) or "a repository without a name"
    if repository.reason:
        return Skipped(item, repository.reason)
    try:
        host = checked(repository.url).host
    except UsageError as error:
        return Skipped(item, f"the forge lists an address that cannot be cloned: {error}")
    if host != urlsplit(clones).hostname:
        return Skipped(item, f"the forge lists a clone address on another host, {host}")
    return CloneWanted(repository.url, repository.network)


def _unlisted(error: AkpatrolError, forge: Forge) -> AkpatrolError:
    """Return an error with what would help, for a forge that does not begin to list."""
    if not isinstance(error, RefusedError):
        return error
    host, variable, is_known = forge.site.host, forge.login.variables[0], bool(forge.token)
    if error.wants_token:
        reason = "rejects the token" if is_known else "requires a token"
        return UsageError(
            f"{host} {reason} ({error.status})", f"set {variable} to a token that can read the repositories"
        )
    if error.forbids:
        return UsageError(
            f"{host} refuses to list the repositories (403)", f"check the permissions of the token in {variable}"
        )
    hint = "check its name" if is_known else f"check its name, and set {variable} if it is not public"
    return UsageError(f"{host} has no such organization or group, or hides it ({error.status})", hint)
