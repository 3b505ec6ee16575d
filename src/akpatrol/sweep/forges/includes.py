"""``--include``: what is read beside the code of an organization's repositories."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, urlsplit

from akpatrol.errors import AkpatrolError, UsageError
from akpatrol.model.scan import Skipped, Target
from akpatrol.sources.forge.table import resources
from akpatrol.sweep.forges.base import named, text
from akpatrol.sweep.urls import CloneWanted, checked, displayed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from akpatrol.sources.forge.client import ForgeClient
    from akpatrol.sources.forge.resource import Resource
    from akpatrol.sweep.forges.base import ForgeAddresses, HostedRepository
    from akpatrol.sweep.run import Planned

ALL = "all"
_T = TypeVar("_T")
_AT_ONCE = 4  # requests; forges ask for few at once
_WIKIS, _SNIPPETS, _GISTS = "wikis", "snippets", "gists"


def words_of(include: str, forges: Sequence[str]) -> tuple[str, ...]:
    """Return the words of a comma list. Raises UsageError for one that none of the forges has."""
    words = tuple(dict.fromkeys(word for part in include.split(",") if (word := part.strip().lower())))
    known = list(dict.fromkeys(name for forge in forges for name in resources(forge)))
    if words and not known:
        raise UsageError("--include: only of GitHub and GitLab more than code is read", "give --github-org NAME")
    for word in words:
        if word != ALL and word not in known:
            raise UsageError(f"--include: {_unknown(word, known)}", f"known are {', '.join([*known, ALL])}")
    return words


def chosen(words: Sequence[str], forge: str) -> tuple[Resource, ...]:
    """Return the resources of a forge that the words name."""
    return tuple(one for name, one in resources(forge).items() if ALL in words or name in words)


def of_repositories(
    chosen: Sequence[Resource], client: ForgeClient, repositories: Iterable[HostedRepository]
) -> Iterator[tuple[HostedRepository, Iterable[Planned]]]:
    """Yield repositories, each with what it has beside its code."""
    if any(resource.name == _SNIPPETS for resource in chosen):
        yield from _ahead(lambda repository: list(of_repository(chosen, client, repository)), repositories)
        return
    for repository in repositories:
        yield repository, of_repository(chosen, client, repository)


def of_repository(chosen: Sequence[Resource], client: ForgeClient, repository: HostedRepository) -> Iterator[Planned]:
    """Yield what a repository has beside its code."""
    for resource in chosen:
        if not resource.page or (resource.switch and repository.entry.get(resource.switch) is False):
            continue
        root = f"{repository.page}/{resource.page}"
        if not repository.api:
            yield Skipped(root, "the forge does not say where its API has it")
        elif resource.name == _WIKIS:
            # Without a page there is none, whatever the forge's switch says.
            wanted = _checked(f"{repository.url.removesuffix('.git')}.wiki.git", root, client.site.host)
            yield wanted._replace(optional=True) if isinstance(wanted, CloneWanted) else wanted
        elif resource.name == _SNIPPETS:
            yield from _repositories(
                client, f"{repository.api}/snippets?per_page=100", "http_url_to_repo", root, resource
            )
        else:
            yield Target("0", resource.kind(client.site.kind), root, api=repository.api)


def of_organization(
    chosen: Sequence[Resource], client: ForgeClient, addresses: ForgeAddresses, org: str
) -> Iterator[Planned]:
    """Yield what belongs to no repository: the public gists of an organization's members."""
    resource = next((one for one in chosen if one.name == _GISTS), None)
    if not resource:
        return
    item = f"gists of the members of {org}"

    def gists(login: str) -> list[Planned]:
        url = f"{addresses.api}/users/{quote(login, safe='')}/gists?per_page=100"
        return list(_repositories(client, url, "git_pull_url", f"gists of {login}", resource))

    try:
        members = client.entries(f"{addresses.api}/orgs/{named(org)}/members?per_page=100")
        for _, found in _ahead(gists, filter(None, (text(member, "login") for member in members))):
            yield from found
    except AkpatrolError as error:
        yield Skipped(item, f"{error}; {resource.needed(client.site.variable)}")


def _ahead(ask: Callable[[_T], list[Planned]], items: Iterable[_T]) -> Iterator[tuple[_T, list[Planned]]]:
    """Yield the answer for each item in its order; a few are asked for at once. Raises what the items raise, last."""
    failure: AkpatrolError | None = None
    with ThreadPoolExecutor(_AT_ONCE) as askers:
        waiting: deque[tuple[_T, Future[list[Planned]]]] = deque()
        try:
            for item in items:
                waiting.append((item, askers.submit(ask, item)))
                if len(waiting) == _AT_ONCE:
                    first, answer = waiting.popleft()
                    yield first, answer.result()
        except AkpatrolError as error:
            failure = error
        for first, answer in waiting:
            yield first, answer.result()
    if failure:
        raise failure


def _repositories(client: ForgeClient, url: str, name: str, item: str, resource: Resource) -> Iterator[Planned]:
    """Yield the repositories that entries are kept in."""
    try:
        for entry in client.entries(url):
            yield _checked(text(entry, name), item, client.site.host)
    except AkpatrolError as error:
        yield Skipped(item, f"{error}; {resource.needed(client.site.variable)}")


def _checked(url: str, item: str, host: str) -> Planned:
    try:
        address = checked(url)
    except UsageError as error:
        return Skipped(item, f"the forge lists an address that cannot be cloned: {error}")
    own = (urlsplit(f"//{host}").hostname or "").removeprefix("api.")
    if address.host not in (own, f"gist.{own}"):
        return Skipped(displayed(url), f"the forge lists a clone address on another host, {address.host}")
    return CloneWanted(url)


def _unknown(word: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake

    close = get_close_matches(word, [*known, ALL], 1)
    return f"{word!r} is unknown" + (f"; did you mean {close[0]}?" if close else "")
