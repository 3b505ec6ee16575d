"""List every repository of an organization through its forge: the only module of the sweep that knows httpx.

A token goes to the forge's own host and nowhere else: a redirect or a next page on another host ends the listing. An
entry that cannot be listed is reported, never left out.

GitHub: https://docs.github.com/en/rest/repos/repos#list-organization-repositories. GitLab:
https://docs.gitlab.com/api/groups/#list-all-projects-in-a-group (archived projects are listed unless asked otherwise).
"""

from __future__ import annotations

import json
import re
import time
from base64 import b64encode
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import quote, urlsplit

import httpx

from akpatrol import __version__
from akpatrol.errors import AkpatrolError, UsageError
from akpatrol.model.scan import Secret, Skipped
from akpatrol.sweep.forge_answers import joined, next_page, pause, same_host
from akpatrol.sweep.urls import CloneWanted, checked, displayed
from akpatrol.validate.loopback import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

GITHUB = "https://api.github.com"
GITLAB = "https://gitlab.com/api/v4"
TOKENS = {"github": "GITHUB_TOKEN", "gitlab": "GITLAB_TOKEN"}
"""The variable that holds the token, by kind of forge."""

_PATIENCE = 900.0  # seconds of all waiting of one listing
_REQUEST_SECONDS = 120.0
_READ_SECONDS = 30.0
_ATTEMPTS = 5
_REDIRECTS = 3
_LARGEST = 64 << 20  # bytes of one page
_MOST_PAGES = 10_000
_OK, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 200, 401, 403, 404
_REDIRECTED = range(300, 400)
_FULL_NAME = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")
_TOKEN = re.compile(r"[!-~]+")


class ForgeError(AkpatrolError):
    """A forge did not list everything; the repositories listed until then are kept."""


class _Site(NamedTuple):
    """One forge: requests begin with the URL ``api``, clone addresses with the URL ``clones``."""

    kind: str
    api: str
    clones: str
    token: str | None


def github(
    org: str,
    url: str = GITHUB,
    token: str | None = None,
    client: httpx.Client | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[CloneWanted | Skipped]:
    """Yield every repository of an organization that the token may see, archived ones and forks too.

    ``wait`` sleeps for seconds. Raises UsageError for an address, an organization or a token that is wrong, ForgeError
    when the forge does not answer to the end.
    """
    site = _site("github", url, token)
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    # Oldest first, so that a new repository moves no other to a page that was already read.
    start = f"{site.api}/orgs/{quote(_named(org), safe='')}/repos?type=all&sort=created&direction=asc&per_page=100"
    return _github(_Asker(site, headers, client, wait), start)


def gitlab(
    group: str,
    url: str = GITLAB,
    token: str | None = None,
    client: httpx.Client | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[CloneWanted | Skipped]:
    """Yield every project of a group and of its subgroups that the token may see; as ``github`` otherwise.

    Projects that other groups share with it are left out.
    """
    site = _site("gitlab", url, token)
    wanted = "include_subgroups=true&with_shared=false&order_by=id&sort=asc&per_page=100"
    start = f"{site.api}/groups/{quote(_named(group), safe='')}/projects?{wanted}"
    return _gitlab(_Asker(site, {"Accept": "application/json"}, client, wait), start)


def access(kind: str, url: str, token: str | None) -> Mapping[str, Secret]:
    """Return the ``Authorization`` header for clones from a forge, by origin; nothing without a token.

    https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/authenticating-as-a-github-app-installation
    and https://docs.gitlab.com/api/oauth2/#access-git-over-https-with-access-token name the users.
    """
    site = _site(kind, url, token)
    user = {"github": "x-access-token", "gitlab": "oauth2"}[kind]
    if not site.token:
        return {}
    return {site.clones: Secret(b"Basic " + b64encode(f"{user}:{site.token}".encode()))}


def _github(asker: _Asker, start: str) -> Iterator[CloneWanted | Skipped]:
    with asker:
        for entry in asker.listed(start):
            network = None
            full_name = _text(entry, "full_name")
            if entry.get("fork") is True and _FULL_NAME.fullmatch(full_name):
                # The list does not include a fork's origin.
                network = _text(asker.detail(f"{asker.site.api}/repos/{full_name}").get("source"), "clone_url") or None
            yield _wanted(asker.site, _text(entry, "clone_url"), full_name, network)


def _gitlab(asker: _Asker, start: str) -> Iterator[CloneWanted | Skipped]:
    roots: dict[str, str] = {}
    with asker:
        for entry in asker.listed(start):
            url = _text(entry, "http_url_to_repo")
            # Ids grow, so a fork's origin has mostly been listed before it.
            parent = _text(entry.get("forked_from_project"), "http_url_to_repo")
            roots[url] = roots.get(parent, parent) or url
            yield _wanted(asker.site, url, _text(entry, "path_with_namespace"), roots[url] if parent else None)


def _wanted(site: _Site, url: str, name: str, network: str | None) -> CloneWanted | Skipped:
    item = name or displayed(url) or "a repository without a name"
    try:
        host = checked(url).host
    except UsageError as error:
        return Skipped(item, f"the forge lists an address that cannot be cloned: {error}")
    if host != urlsplit(site.clones).hostname:
        return Skipped(item, f"the forge lists a clone address on another host, {host}")
    return CloneWanted(url, network)


class _Asker:
    """Queries one forge, page by page, and waits when the forge says so. A context manager."""

    def __init__(
        self, site: _Site, headers: dict[str, str], client: httpx.Client | None, wait: Callable[[float], None]
    ) -> None:
        self.site = site
        self._headers = {**headers, "User-Agent": f"akpatrol/{__version__}", "Accept-Encoding": "identity"}
        if site.token:
            self._headers["Authorization"] = f"Bearer {site.token}"
        self._own = None if client else _client(trust_env=not is_loopback(urlsplit(site.api).hostname or ""))
        self._client = client or self._own
        self._wait = wait
        self._patience = _PATIENCE

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._own:
            self._own.close()

    def listed(self, start: str) -> Iterator[Mapping[str, Any]]:
        """Yield the entries of all pages, each repository once although pages may move while they are read."""
        url: str | None = start
        pages: set[str] = set()
        ids: set[int] = set()
        while url:
            pages.add(url)
            entries, headers = self._ask(url)
            if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
                raise ForgeError(f"{self._host} does not answer like a {self.site.kind} API: not a list")
            for entry in entries:
                id_ = entry.get("id")
                if not isinstance(id_, int):
                    yield entry  # which repository it is cannot be known
                elif id_ not in ids:
                    ids.add(id_)
                    yield entry
            url = next_page(headers, url)
            if url and (url in pages or len(pages) == _MOST_PAGES):
                raise ForgeError(f"{self._host} returns too many pages")

    def detail(self, url: str) -> Mapping[str, Any]:
        """Return one object, an empty one if the forge does not return it."""
        try:
            answer, _ = self._ask(url)
        except AkpatrolError:
            return {}
        return answer if isinstance(answer, dict) else {}

    @property
    def _host(self) -> str:
        return urlsplit(self.site.api).netloc

    def _ask(self, url: str) -> tuple[Any, Mapping[str, str]]:
        redirects = attempt = 0
        while True:
            if not same_host(url, self.site.api):
                raise ForgeError(f"{self._host} redirects to another host, which was not queried")
            try:
                status, headers, body = self._get(url)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                status, headers, body = 0, {}, b""
                failure = f"{self._host} cannot be reached: {type(error).__name__}"
                seconds: float | None = 2.0**attempt
            else:
                failure = f"{self._host} answers {status}"
                seconds = pause(status, headers, time.time(), attempt)
            if status == _OK:
                return _parsed(body, self._host), headers
            if status in _REDIRECTED and headers.get("location") and redirects < _REDIRECTS:
                url, redirects = joined(url, headers["location"]), redirects + 1
                continue
            attempt += 1
            if seconds is None or attempt == _ATTEMPTS:
                raise self._refusal(status, failure)
            self._pause(seconds, failure)

    def _get(self, url: str) -> tuple[int, Mapping[str, str], bytes]:
        assert self._client  # noqa: S101 - the given one or its own
        ends = time.monotonic() + _REQUEST_SECONDS
        body = bytearray()
        with self._client.stream("GET", url, headers=self._headers, follow_redirects=False) as response:
            for block in response.iter_raw():
                body += block
                if len(body) > _LARGEST or time.monotonic() > ends:
                    raise ForgeError(f"{self._host} sends too long an answer")
        return response.status_code, response.headers, bytes(body)

    def _pause(self, seconds: float, failure: str) -> None:
        if seconds > self._patience:
            raise ForgeError(f"{failure} and asks to wait {seconds:.0f} seconds, which is too long")
        self._patience -= seconds
        self._wait(seconds)

    def _refusal(self, status: int, failure: str) -> AkpatrolError:
        variable = TOKENS[self.site.kind]
        if status == _UNAUTHORIZED:
            reason = "rejects the token" if self.site.token else "requires a token"
            return UsageError(
                f"{self._host} {reason} (401)", f"set {variable} to a token that can read the repositories"
            )
        if status == _FORBIDDEN:
            return UsageError(
                f"{self._host} refuses to list the repositories (403)",
                f"check the permissions of the token in {variable}",
            )
        if status == _NOT_FOUND:
            hint = "check its name" if self.site.token else f"check its name, and set {variable} if it is not public"
            return UsageError(f"{self._host} has no such organization or group, or hides it (404)", hint)
        return ForgeError(failure)


def _site(kind: str, url: str, token: str | None) -> _Site:
    """Return a forge. Raises UsageError unless its address is https, or http to this machine."""
    try:
        path = urlsplit(url).path.strip("/")
        address = checked(url if path else f"{url.rstrip('/')}/api")
    except (UsageError, ValueError) as error:
        raise UsageError(f"--forge-url: {error}") from None
    if address.scheme not in {"https", "http"}:
        raise UsageError("--forge-url: not an https URL")
    if token and not _TOKEN.fullmatch(token):
        raise UsageError(f"{TOKENS[kind]} contains characters that are invalid in a token")
    if kind == "github" and address.host in {"github.com", "api.github.com"}:
        return _Site(kind, GITHUB, "https://github.com", token or None)
    is_api = kind == "github" and address.host.startswith("api.")
    if not path and not is_api:
        path = "api/v3" if kind == "github" else "api/v4"
    api = f"{address.origin}/{path}" if path else address.origin
    # https://docs.github.com/en/enterprise-cloud@latest/rest/using-the-rest-api: api.SUBDOMAIN.ghe.com
    clones = address._replace(host=address.host.removeprefix("api.")) if is_api else address
    return _Site(kind, api, clones.origin, token or None)


def _named(name: str) -> str:
    if not name.strip("/") or not name.isprintable() or name in {".", ".."}:
        raise UsageError("empty or invalid name of an organization or group")
    return name.strip("/")


def _client(*, trust_env: bool) -> httpx.Client:
    try:
        return httpx.Client(
            trust_env=trust_env, timeout=_READ_SECONDS, cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        )
    except (ImportError, ValueError, OSError, httpx.InvalidURL):
        # The message could show the proxy's password.
        raise UsageError("a proxy in the environment cannot be used", "set HTTPS_PROXY to http://host:port") from None


def _parsed(body: bytes, host: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise ForgeError(f"{host} does not answer like an API: not JSON") from None


def _text(entry: Any, name: str) -> str:
    value = entry.get(name) if isinstance(entry, dict) else None
    return value if isinstance(value, str) else ""
