"""The client of a log service: the only module of these that knows httpx.

It asks one host, and follows no redirect. No answer is read beyond its bound in bytes and in time.
"""

from __future__ import annotations

import json
import os
import ssl
import time
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import httpx

from akpatrol import __version__
from akpatrol.sources.host_health import HostHealth
from akpatrol.sources.logs import logins
from akpatrol.sources.logs.address import is_local
from akpatrol.sources.logs.service import LogError, NotInServiceError
from akpatrol.validate.retry_after import seconds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from akpatrol.model.scan import Secret
    from akpatrol.sources.logs.address import LogAddress

_ATTEMPTS = 4
_SECONDS, _ANSWER_SECONDS = 60.0, 300.0  # to wait for some bytes, and for a whole answer
_LONGEST_WAIT, _PATIENCE = 120.0, 600.0  # seconds of one wait, and of all of them
_LARGEST = 32 << 20  # bytes of an answer
_OK = range(200, 300)
_REDIRECTED = range(300, 400)
_BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 400, 401, 403, 404
_AGAIN = {408, 425, 429, 502, 503, 504}


class TooLongError(LogError):
    """An answer that is longer than the bound: less may be asked for at once."""


class BadRequestError(LogError):
    """A request that the service does not understand: it may be older."""


class LogClient:
    """One service; ``wait`` sleeps for seconds."""

    def __init__(
        self,
        address: LogAddress,
        variables: Mapping[str, str] | None = None,
        transport: httpx.BaseTransport | None = None,
        wait: Callable[[float], None] = time.sleep,
        health: HostHealth | None = None,
    ) -> None:
        self._origin = address.origin
        self._authorization = logins.authorization(address.host, os.environ if variables is None else variables)
        self._client = _client(transport, self._authorization, trust_env=not is_local(address.host))
        self._wait = wait
        self._patience = _PATIENCE
        self._health = health or _health(address.base)

    def close(self) -> None:
        """End all connections."""
        self._client.close()

    def ask(self, method: str, path: str, body: object = None, *, once: bool = False) -> Any:
        """Return the value of an answer in JSON; ``once`` says that a request must not arrive twice.

        Raises LogError, and its kinds TooLongError, BadRequestError and NotInServiceError.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            if self._health.is_lost():
                raise LogError("the service no longer answers")
            try:
                status, retry_after, data = self._send(method, path, body)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                if once or attempt == _ATTEMPTS:
                    if isinstance(error, httpx.ConnectError):
                        self._health.lose()
                    raise LogError(f"the service cannot be reached: {type(error).__name__}") from None
                self._pause(2.0**attempt)
                continue
            if status in _OK:
                return _value(data)
            if status not in _AGAIN or attempt == _ATTEMPTS:
                break
            seconds = seconds_of(retry_after, time.time())
            self._pause(2.0**attempt if seconds is None else seconds)
        raise self._refusal(status)

    def _send(self, method: str, path: str, body: object) -> tuple[int, str, bytes]:
        end = time.monotonic() + _ANSWER_SECONDS
        content = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        request = self._client.build_request(method, self._origin + path, headers=headers, content=content)
        response = self._client.send(request, stream=True)
        data = bytearray()
        try:
            if response.status_code in _OK:
                for block in response.iter_raw():
                    data += block
                    if len(data) > _LARGEST:
                        raise TooLongError("the service sends too long an answer")
                    if time.monotonic() > end:
                        raise LogError("the service takes too long for an answer")
        finally:
            response.close()
        return response.status_code, response.headers.get("retry-after", ""), bytes(data)

    def _pause(self, seconds: float) -> None:
        if seconds > min(_LONGEST_WAIT, self._patience):
            raise LogError(f"the service asks to wait {seconds:.0f} seconds, which is too long")
        self._patience -= seconds
        self._wait(seconds)

    def _refusal(self, status: int) -> LogError:
        if status == _NOT_FOUND:
            return NotInServiceError("the service does not hold it, or hides it (404)")
        if status == _BAD_REQUEST:
            return BadRequestError("the service does not understand the request (400)")
        if status in _REDIRECTED:
            return LogError(f"the service redirects ({status}), which is not followed: give the address itself")
        if status in (_UNAUTHORIZED, _FORBIDDEN):
            advice = f"set {logins.HOST}, and {logins.API_KEY} or {logins.USER} and {logins.PASSWORD}"
            return LogError(f"the service refuses access ({status})" + ("" if self._authorization else f": {advice}"))
        return LogError(f"the service answers {status}")


def _client(transport: httpx.BaseTransport | None, authorization: Secret | None, *, trust_env: bool) -> httpx.Client:
    headers = {"User-Agent": f"akpatrol/{__version__}", "Accept": "application/json", "Accept-Encoding": "identity"}
    if authorization:
        headers["Authorization"] = authorization.reveal().decode()
    # On this machine there is no proxy to ask; the authority of a cluster's own certificate is nevertheless given so.
    authority = None if trust_env else os.environ.get("SSL_CERT_FILE")
    try:
        return httpx.Client(
            transport=transport,
            verify=ssl.create_default_context(cafile=authority) if authority else True,
            trust_env=trust_env,
            timeout=_SECONDS,
            follow_redirects=False,
            headers=headers,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )
    except (ImportError, ValueError, OSError, httpx.InvalidURL):
        # The message could show the proxy's password.
        raise LogError("a proxy in the environment cannot be used: set HTTPS_PROXY to http://host:port") from None


@lru_cache(maxsize=32)
def _health(_base: str) -> HostHealth:
    return HostHealth()


def _value(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise LogError("the service sends no JSON") from None
