"""What a forge is: where its API and its repositories are, and how it lists those of an organization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlsplit

from akpatrol.errors import UsageError
from akpatrol.sweep.urls import checked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from akpatrol.sources.forge.client import ForgeClient
    from akpatrol.sources.forge.site import Login
    from akpatrol.sweep.urls import CloneAddress


class HostedRepository(NamedTuple):
    """A repository as a forge lists it: its full ``name``, the ``url`` to clone it from, and its ``entry``.

    ``network`` is the address of what it and its forks come from, ``page`` where people see it, ``api`` the address of
    it in the API. ``reason`` says why it cannot be cloned.
    """

    name: str
    url: str
    network: str | None = None
    page: str = ""
    api: str = ""
    entry: Mapping[str, Any] = {}
    reason: str = ""


class ForgeAddresses(NamedTuple):
    """Requests begin with the URL ``api``, the addresses of repositories with the origin ``clones``."""

    api: str
    clones: str


class ForgeKind(NamedTuple):
    """A kind of forge. ``option`` names an organization of it, ``url_option`` a server of one's own.

    The helps are those of the options; a URL's may stand with one of several that share it. ``other_login`` is used
    when the environment has no token for ``login``.

    ``public`` is the API of the public one, "" without one. ``addresses`` raises UsageError for a URL that is none;
    ``repositories`` yields all of an organization that the login may see, archived ones and forks too, and raises
    ForgeError when the forge does not answer to the end.
    """

    name: str
    option: str
    url_option: str
    public: str
    login: Login
    addresses: Callable[[str], ForgeAddresses]
    repositories: Callable[[ForgeClient, ForgeAddresses, str], Iterator[HostedRepository]]
    headers: tuple[tuple[str, str], ...] = (("Accept", "application/json"),)
    help: str = ""
    url_help: str = ""
    other_login: Login | None = None


def parsed(url: str, option: str, api: str) -> tuple[CloneAddress, str]:
    """Return the parts of a server's URL, and its path, ``api`` where it has none.

    Raises UsageError unless it is https, or http to this machine.
    """
    try:
        path = urlsplit(url).path.strip("/")
        address = checked(url if path else f"{url.rstrip('/')}/api")
    except (UsageError, ValueError) as error:
        raise UsageError(f"{option}: {error}") from None
    if address.scheme not in {"https", "http"}:
        raise UsageError(f"{option}: not an https URL")
    return address, path or api


def named(name: str) -> str:
    """Return the name of an organization for a path. Raises UsageError for one that is none."""
    if not name.strip("/") or not name.isprintable() or name in {".", ".."}:
        raise UsageError("empty or invalid name of an organization or group")
    return quote(name.strip("/"), safe="")


def without_user(url: str, origin: str) -> str:
    """Return an https address without the user name that some forges put into it; others as they are."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    host = parts.netloc.rpartition("@")[2]
    user = parts.netloc[: -len(host) - 1]
    if parts.scheme != "https" or ":" in user or host.lower() != urlsplit(origin).netloc.lower():
        return url
    return parts._replace(netloc=host).geturl()


def text(entry: Any, name: str) -> str:
    """Return a text of an entry, "" without it."""
    value = entry.get(name) if isinstance(entry, dict) else None
    # JSON may hold halves of characters, which nothing can show or store.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def page(url: str, clones: str, name: str) -> str:
    """Return where people see a repository: as the forge says, if that is on its own host."""
    is_own = url.startswith(f"{clones}/") and url.isprintable() and not set(url) & set(" ?#\\")
    return url.rstrip("/") if is_own else f"{clones}/{quote(name)}"
