"""The client of a registry: the only module of images that knows httpx.

It asks one host. Only a blob may be redirected to another one, where registries keep them, and there it is asked for
by https and without the credentials. No answer is read beyond its bound. What has been read of a blob is not asked for
again when a connection breaks. https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

from __future__ import annotations

import os
import re
import time
from contextlib import contextmanager
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin, urlsplit

import httpx

from akpatrol import __version__
from akpatrol.errors import AkpatrolError
from akpatrol.sources.host_health import HostHealth
from akpatrol.sources.registry.authorization import Authorization
from akpatrol.validate.loopback import is_loopback
from akpatrol.validate.retry_after import seconds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_ATTEMPTS = 4
_SECONDS = 60.0
_LONGEST_WAIT, _PATIENCE = 120.0, 600.0  # seconds of one wait, and of all of them
_REDIRECTS = 3
_LARGEST = 32 << 20  # bytes of a manifest, or of a page of names
_MOST_PAGES = 10_000
_OK, _PARTIAL, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 200, 206, 401, 403, 404
_REDIRECTED = range(300, 400)
_AGAIN = {408, 425, 429, *range(500, 600)}
_NEXT = re.compile(r'<([^<>]*)>\s*;[^<]*rel\s*=\s*"?next"?', re.IGNORECASE)
_VARIABLES = ("AKPATROL_REGISTRY_", "DOCKER_CONFIG", "HOME")
# Docker's own registry answers to another name than the one its images have.
_HOSTS = {"docker.io": "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"}


class RegistryError(AkpatrolError):
    """A registry does not give something; the message is the reason and holds nothing that a server sent."""


class NotInRegistryError(RegistryError):
    """A repository, a tag or a blob that the registry does not hold, or hides."""


class Document(NamedTuple):
    """An answer of bounded size; ``headers`` are looked up regardless of case."""

    headers: Mapping[str, str]
    body: bytes


class RegistryClient:
    """One registry. ``base`` is ``oci://host``, or ``oci+http://host`` without TLS; ``wait`` sleeps for seconds."""

    def __init__(
        self,
        base: str,
        authorization: Authorization,
        health: HostHealth,
        transport: httpx.BaseTransport | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        scheme, _, host = base.partition("://")
        self._host = _HOSTS.get(host, host)
        local = is_loopback(urlsplit(f"//{host}").hostname or "")
        self._client = _client(transport, trust_env=not local)
        # On this machine either may be spoken; nothing but a connection that fails decides for the other.
        self._may_be_plain = local and scheme == "oci"
        self._authorization = authorization
        self._wait = wait
        self._patience = _PATIENCE
        self._health = health

    def close(self) -> None:
        """End all connections."""
        self._client.close()

    def names(self, path: str) -> Iterator[bytes]:
        """Yield the pages of a list. Raises RegistryError."""
        url: str | None = f"{path}?n=1000"
        seen: set[str] = set()
        while url:
            seen.add(url)
            page = self.document("GET", url)
            yield page.body
            following = _NEXT.search(page.headers.get("link", ""))
            url = self._next(url, following[1]) if following else None
            if url in seen or len(seen) == _MOST_PAGES:
                raise RegistryError("the registry returns too many pages")

    def document(self, method: str, path: str, accept: str = "application/json") -> Document:
        """Return an answer. Raises RegistryError."""
        with self._answer(method, path, {"Accept": accept}) as response:
            body = bytearray()
            try:
                for block in response.iter_raw():
                    body += block
                    if len(body) > _LARGEST:
                        raise RegistryError("the registry sends too long an answer")
            except httpx.HTTPError as error:
                raise RegistryError(f"the connection broke: {type(error).__name__}") from None
            return Document(response.headers, bytes(body))

    def blob(self, path: str) -> Iterator[bytes]:
        """Yield the bytes of a blob in pieces. Raises RegistryError."""
        position = attempt = 0
        while True:
            before = position
            headers = {"Range": f"bytes={position}-"} if position else {}
            try:
                with self._answer("GET", path, headers) as response:
                    passed = 0 if response.status_code == _PARTIAL else position
                    for piece in response.iter_raw():
                        new = piece[passed:]
                        passed = max(0, passed - len(piece))
                        position += len(new)
                        if new:
                            yield new
            except httpx.HTTPError as error:
                attempt = 1 if position > before else attempt + 1
                if attempt == _ATTEMPTS:
                    reason = f"the connection broke after {position:,} bytes: {type(error).__name__}"
                    raise RegistryError(reason) from None
                self._pause(2.0**attempt)
            else:
                return

    @contextmanager
    def _answer(self, method: str, path: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """Give an answer of the registry, or of where it sends for a blob."""
        for attempt in range(_ATTEMPTS):
            if self._health.is_lost():
                raise RegistryError("the registry no longer answers")
            try:
                response = self._send(method, path, headers)
            except (httpx.TransportError, httpx.InvalidURL) as error:
                if self._may_be_plain:
                    self._may_be_plain, self._authorization.origin = False, f"http://{self._host}"
                    with self._answer(method, path, headers) as other:
                        yield other
                    return
                if attempt + 1 == _ATTEMPTS:
                    self._health.lose()
                    raise RegistryError(f"the registry cannot be reached: {type(error).__name__}") from None
                self._pause(2.0**attempt)
                continue
            self._may_be_plain = False
            try:
                if response.status_code in (_OK, _PARTIAL):
                    yield response
                    return
                if response.status_code not in _AGAIN or attempt + 1 == _ATTEMPTS:
                    raise self._refusal(response.status_code)
                seconds = seconds_of(response.headers.get("retry-after", ""), time.time())
            finally:
                response.close()
            self._pause(2.0**attempt if seconds is None else seconds)

    def _send(self, method: str, path: str, headers: Mapping[str, str]) -> httpx.Response:
        """Send a request, with a new token where the old one has expired, and follow redirects of it."""
        url = f"{self._authorization.origin}{path}"
        response = self._ask(method, url, {**headers, **self._authorization.header(path)})
        if response.status_code == _UNAUTHORIZED:
            challenge = response.headers.get("www-authenticate", "")
            response.close()
            try:
                renewed = self._authorization.renewed(self._client, path, challenge)
            except ValueError as error:
                raise RegistryError(str(error)) from None
            response = self._ask(method, url, {**headers, **renewed})
        for _ in range(_REDIRECTS):
            if response.status_code not in _REDIRECTED:
                break
            url = _joined(url, response.headers.get("location", ""))
            response.close()
            is_own = _origin(url) == self._authorization.origin
            if not is_own and urlsplit(url).scheme != "https":
                raise RegistryError("the registry redirects to another host without https, which was not asked")
            if not is_own and "/blobs/" not in path:
                raise RegistryError("the registry redirects to another host, which was not asked")
            own = self._authorization.header(path) if is_own else {}
            response = self._ask(method, url, {**headers, **own})
        return response

    def _ask(self, method: str, url: str, headers: Mapping[str, str]) -> httpx.Response:
        return self._client.send(self._client.build_request(method, url, headers=dict(headers)), stream=True)

    def _next(self, url: str, link: str) -> str:
        following = _joined(f"{self._authorization.origin}{url}", link)
        if _origin(following) != self._authorization.origin:
            raise RegistryError("the registry's next page is on another host, which was not asked")
        return following.removeprefix(self._authorization.origin)

    def _pause(self, seconds: float) -> None:
        if seconds > min(_LONGEST_WAIT, self._patience):
            raise RegistryError(f"the registry asks to wait {seconds:.0f} seconds, which is too long")
        self._patience -= seconds
        self._wait(seconds)

    def _refusal(self, status: int) -> RegistryError:
        if status == _NOT_FOUND:
            return NotInRegistryError("the registry does not hold it, or hides it (404)")
        if status in (_UNAUTHORIZED, _FORBIDDEN):
            advice = self._authorization.advice
            return RegistryError(f"the registry refuses access ({status})" + (f": {advice}" if advice else ""))
        return RegistryError(f"the registry answers {status}")


@contextmanager
def opened(base: str) -> Iterator[RegistryClient]:
    """Open a registry for a while; its tokens are kept longer. Raises RegistryError."""
    variables = tuple(sorted(item for item in os.environ.items() if item[0].startswith(_VARIABLES)))
    client = RegistryClient(base, _authorization(base, variables), _health(base))
    try:
        yield client
    finally:
        client.close()


@lru_cache(maxsize=32)
def _authorization(base: str, variables: tuple[tuple[str, str], ...]) -> Authorization:
    return authorization_of(base, dict(variables))


@lru_cache(maxsize=32)
def _health(_base: str) -> HostHealth:
    return HostHealth()


def authorization_of(base: str, variables: Mapping[str, str]) -> Authorization:
    """Return the authorization at a registry with an environment."""
    scheme, _, host = base.partition("://")
    return Authorization(host, f"{'http' if scheme == 'oci+http' else 'https'}://{_HOSTS.get(host, host)}", variables)


def _client(transport: httpx.BaseTransport | None, *, trust_env: bool) -> httpx.Client:
    try:
        return httpx.Client(
            transport=transport,
            trust_env=trust_env,
            timeout=_SECONDS,
            follow_redirects=False,
            # Not compressed: a digest is of the bytes that are stored.
            headers={"User-Agent": f"akpatrol/{__version__}", "Accept-Encoding": "identity"},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )
    except (ImportError, ValueError, OSError, httpx.InvalidURL):
        # The message could show the proxy's password.
        raise RegistryError("a proxy in the environment cannot be used: set HTTPS_PROXY to http://host:port") from None


def _joined(url: str, location: str) -> str:
    """Return where a URL refers to. Raises RegistryError."""
    try:
        joined = urljoin(url, location)
        _ = urlsplit(joined).port
    except ValueError:
        raise RegistryError("the registry refers to an address that is none") from None
    return joined


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}"
