"""The client of a forge's API: the only module of forges that knows httpx.

It asks one host, with the token. Only a file may be redirected to another one, where forges keep their archives
(https://docs.github.com/en/rest/actions/workflow-runs#download-workflow-run-logs), and there it is asked for by https
and without the token. No answer is read beyond its bound, and no wait is longer than a quarter of an hour.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import urlsplit

import httpx

from akpatrol import __version__
from akpatrol.errors import AkpatrolError, UsageError
from akpatrol.sources.forge.answers import joined, last_page, next_page, pause, rest, same_host
from akpatrol.sources.forge.patience import patience_with
from akpatrol.sources.forge.refusals import BrokenError, ForgeError, RefusedError, refusal
from akpatrol.validate.loopback import is_loopback

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping

    from akpatrol.sources.forge.site import ForgeSite

_REQUEST_SECONDS = 120.0
_READ_SECONDS = 30.0
_ATTEMPTS = 5
_REDIRECTS = 3
_LARGEST = 64 << 20  # bytes of one page
MOST_PAGES = 10_000
_OK, _NOT_MODIFIED, _UNAUTHORIZED = 200, 304, 401
_REDIRECTED = range(300, 400)


class ForgePage(NamedTuple):
    """A page of JSON: its ``value``, the URL of the ``following`` one, and the number of the ``last`` where known."""

    value: Any
    etag: str = ""
    following: str | None = None
    last: int | None = None


class ForgeClient:
    """Queries one forge, and waits when the forge says so. A context manager. ``wait`` sleeps for seconds."""

    def __init__(
        self, site: ForgeSite, client: httpx.Client | None = None, wait: Callable[[float], None] | None = None
    ) -> None:
        self.site = site
        self._headers = {**dict(site.headers), "User-Agent": f"akpatrol/{__version__}", "Accept-Encoding": "identity"}
        self._own = None if client else _client(trust_env=not is_loopback(urlsplit(site.api).hostname or ""))
        self._client = client or self._own
        self._wait = wait or _sleep
        self._patience = patience_with("/".join(site.api.split("/", 3)[:3]))
        self._rests_until = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._own:
            self._own.close()

    def page(self, url: str, etag: str = "") -> ForgePage | None:
        """Return a page, None if it is the one with this ETag (RFC 9110, 13.1.2). Raises ForgeError."""
        headers = {"If-None-Match": etag} if etag else {}
        status, answered, body = self._ask("GET", url, headers)
        if status == _NOT_MODIFIED:
            return None
        address = joined(url, "")
        return ForgePage(
            self._parsed(body),
            answered.get("etag", ""),
            next_page(answered, address),
            last_page(answered, address),
        )

    def query(self, url: str, document: Mapping[str, object]) -> Any:
        """Return the answer to a document that is posted. Raises ForgeError."""
        body = json.dumps(document).encode()
        return self._parsed(self._ask("POST", url, {"Content-Type": "application/json"}, body)[2])

    def entries(self, start: str, key: str = "") -> Iterator[Mapping[str, Any]]:
        """Yield the entries of all pages, each once although pages may move while they are read. Raises ForgeError."""
        url: str | None = start
        pages: set[str] = set()
        ids: set[int | str] = set()
        while url:
            pages.add(url)
            page = self.page(url)
            entries = listed(page.value if page else None, key, self.site)
            for entry in entries:
                id_ = entry.get("id")
                if not isinstance(id_, int | str):
                    yield entry  # which one it is cannot be known
                elif id_ not in ids:
                    ids.add(id_)
                    yield entry
            following = page.following if page else None
            if page and key and not following:  # Bitbucket's pages name the next one themselves
                following = page.value.get("next") if isinstance(page.value.get("next"), str) else None
            if following and (following in pages or len(pages) == MOST_PAGES):
                raise ForgeError(f"{self.site.host} returns too many pages")
            url = following

    def detail(self, url: str) -> Mapping[str, Any]:
        """Return one object, an empty one if the forge does not return it."""
        try:
            page = self.page(url)
        except AkpatrolError:
            return {}
        return page.value if page and isinstance(page.value, dict) else {}

    @contextmanager
    def file(self, url: str, accept: str = "*/*") -> Iterator[Iterator[bytes]]:
        """Open a file, which may be kept on another host, for its bytes in pieces. Raises ForgeError."""
        headers = {"Accept": accept}
        for attempt in range(_ATTEMPTS):
            with self._followed(url, headers) as response:
                if response.status_code == _OK:
                    self._patience.accept()
                    yield self._pieces(response)
                    return
                status, answered = response.status_code, response.headers
            seconds = pause(status, answered, time.time(), attempt)
            if seconds is None or attempt + 1 == _ATTEMPTS:
                raise self._refused(status)
            self._pause(seconds, f"{self.site.host} answers {status}")

    @contextmanager
    def _followed(self, url: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """Give the answer for a file, from where the forge keeps it."""
        is_own = True
        for _ in range(_REDIRECTS + 1):
            response = self._opened("GET", url, {**headers, **(self._authorization() if is_own else {})})
            try:
                location = response.headers.get("location")
                if response.status_code not in _REDIRECTED or not location:
                    yield response
                    return
            finally:
                response.close()
            followed = joined(url, location)
            if not same_host(followed, self.site.api):
                if not is_own and not same_host(followed, url):
                    raise ForgeError(f"{self.site.host} redirects from host to host, which was not followed")
                if urlsplit(followed).scheme != "https":
                    raise ForgeError(f"{self.site.host} redirects to another host without https, which was not asked")
                is_own = False
            elif not is_own:
                raise ForgeError(f"{self.site.host} redirects from host to host, which was not followed")
            url = followed
        raise ForgeError(f"{self.site.host} redirects too often")

    def _opened(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> httpx.Response:
        """Send a request. Raises ForgeError when no answer comes."""
        assert self._client  # noqa: S101 - the given one or its own
        self._rest()
        try:
            request = self._client.build_request(method, url, headers={**self._headers, **headers}, content=body)
            return self._client.send(request, stream=True, follow_redirects=False)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ForgeError(f"{urlsplit(url).netloc} cannot be reached: {type(error).__name__}") from None

    def _pieces(self, response: httpx.Response) -> Iterator[bytes]:
        try:
            yield from response.iter_raw()
        except httpx.HTTPError as error:
            raise BrokenError(f"the connection broke: {type(error).__name__}") from None

    def _authorization(self) -> dict[str, str]:
        secret = self.site.authorization
        return {"Authorization": secret.reveal().decode("latin-1")} if secret else {}

    def _ask(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None = None
    ) -> tuple[int, Mapping[str, str], bytes]:
        redirects = attempt = 0
        while True:
            if not same_host(url, self.site.api):
                raise ForgeError(f"{self.site.host} redirects to another host, which was not queried")
            try:
                status, answered, body = self._send(method, url, headers, content)
            except ForgeError as error:
                attempt += 1
                if (
                    isinstance(error, _TooLargeError)
                    or attempt == _ATTEMPTS
                    or isinstance(error, RefusedError)
                    or self._patience.rest
                ):
                    raise
                self._pause(2.0 ** (attempt - 1), str(error))
                continue
            if status in (_OK, _NOT_MODIFIED):
                self._patience.accept()
                self._rests_until = time.time() + seconds if (seconds := rest(answered, time.time())) else 0.0
                return status, answered, body
            if status in _REDIRECTED and answered.get("location") and redirects < _REDIRECTS:
                url, redirects = joined(url, answered["location"]), redirects + 1
                continue
            wanted = pause(status, answered, time.time(), attempt)
            attempt += 1
            if wanted is None or attempt == _ATTEMPTS:
                raise self._refused(status)
            self._pause(wanted, f"{self.site.host} answers {status}")

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        ends = time.monotonic() + _REQUEST_SECONDS
        body = bytearray()
        response = self._opened(method, url, {**headers, **self._authorization()}, content)
        try:
            for block in self._pieces(response):
                body += block
                if len(body) > _LARGEST or time.monotonic() > ends:
                    raise _TooLargeError(f"{self.site.host} sends too long an answer")
        finally:
            response.close()
        return response.status_code, response.headers, bytes(body)

    def check(self) -> None:
        """Raise ForgeError if a request is not worth sending: the forge rests, or has refused the token."""
        if seconds := self._patience.rest:
            raise ForgeError(f"{self.site.host} allows no more requests for {seconds:.0f} seconds")
        if self.site.authorization and self._patience.is_refused(self.site.authorization):
            raise refusal(self.site, _UNAUTHORIZED)

    def _rest(self) -> None:
        """Wait until the forge allows requests again. Raises ForgeError if that takes too long, or ``check`` does."""
        self.check()
        if self._rests_until and (seconds := self._rests_until - time.time()) > 0:
            self._rests_until = 0.0
            self._pause(seconds, f"{self.site.host} allows no more requests")

    def _pause(self, seconds: float, failure: str) -> None:
        if not self._patience.take(seconds):
            raise ForgeError(f"{failure} and asks to wait {seconds:.0f} seconds, which is too long")
        self._wait(seconds)

    def _refused(self, status: int) -> ForgeError:
        if status == _UNAUTHORIZED and self.site.authorization:
            self._patience.refuse(self.site.authorization)
        return refusal(self.site, status)

    def _parsed(self, body: bytes) -> Any:
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise ForgeError(f"{self.site.host} does not answer like a {self.site.kind} API: not JSON") from None


class _TooLargeError(ForgeError):
    """An answer that would be as large if it were asked for again."""


def _sleep(seconds: float) -> None:
    time.sleep(seconds)


def listed(value: Any, key: str, site: ForgeSite) -> list[Mapping[str, Any]]:
    """Return the entries of a page. Raises ForgeError for one that is no list."""
    entries = value.get(key) if key and isinstance(value, dict) else value
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ForgeError(f"{site.host} does not answer like a {site.kind} API: not a list")
    return entries


@lru_cache(maxsize=4)
def _context(_file: str, _directory: str) -> ssl.SSLContext:
    """Return the certificates to trust, read once: a sweep has a client for each of many targets."""
    return httpx.create_ssl_context()


def _client(*, trust_env: bool) -> httpx.Client:
    try:
        return httpx.Client(
            # The certificates of SSL_CERT_FILE hold for this machine too, a proxy does not.
            verify=_context(os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", "")),
            trust_env=trust_env,
            timeout=_READ_SECONDS,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )
    except (ImportError, ValueError, OSError, httpx.InvalidURL):
        # The message could show the proxy's password.
        raise UsageError("a proxy in the environment cannot be used", "set HTTPS_PROXY to http://host:port") from None
