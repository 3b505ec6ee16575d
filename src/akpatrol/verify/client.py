"""The API client: the only module that knows httpx and tenacity.

A credential goes into one header of one request to one host, and nowhere else: its request is never followed
elsewhere, never logged, and every failure becomes a value that does not hold it. Proxies are taken from the
environment (``HTTPS_PROXY``, ``NO_PROXY``), since many networks have no other way out: a proxy sees the host's name,
TLS is checked as without it, and its own answers prove nothing. Requests to this machine use no proxy.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import threading
import time
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Self

import httpx
import tenacity

from akpatrol import __version__
from akpatrol.errors import UsageError
from akpatrol.verify.answers import MAXIMUM_BYTES, Response, read
from akpatrol.verify.contract import Answer, Failure
from akpatrol.verify.options import address
from akpatrol.verify.pace import Pace

if TYPE_CHECKING:
    from types import TracebackType

    from akpatrol.model.scan import Secret
    from akpatrol.verify.options import VerifyOptions

SCOPES = "/admin/members/me/scopes"
USER_AGENT = f"akpatrol/{__version__} (+https://github.com/akpatrol/akpatrol)"
_LONGEST_BACKOFF = 30.0  # seconds
_THROTTLED, _SERVER_ERROR = 429, 500


class Verifier:
    """Asks the API. An asynchronous context manager; ``transport`` replaces the network in tests."""

    def __init__(self, options: VerifyOptions, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._options = options
        self._base = address(options.api_url)
        self._pace = Pace(options.rps, options.retry_seconds)
        self._client = _client(options, transport, trust_env=not self._base.loopback)
        self._silence = _Silence()

    async def __aenter__(self) -> Self:
        self._silence.begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._client.aclose()
        finally:
            self._silence.end()

    async def ask(self, path: str, secret: Secret, organization: str | None = None) -> Answer:
        """Return the API's answer to one GET, after a few more attempts when it throttles or fails."""
        first = self._options.backoff_seconds
        backoff = tenacity.wait_exponential(first, _LONGEST_BACKOFF) + tenacity.wait_random(0, first)
        retrying = tenacity.AsyncRetrying(
            sleep=asyncio.sleep,
            retry=tenacity.retry_if_result(_worth_another),
            wait=lambda state: max(backoff(state), _asked_to_wait(state)),
            stop=lambda state: (
                state.attempt_number >= self._options.attempts or not self._pace.hold(state.upcoming_sleep)
            ),
            retry_error_callback=_last,
        )
        return await retrying(self._once, path, secret, organization)

    async def _once(self, path: str, secret: Secret, organization: str | None) -> Answer:
        await self._pace.turn()
        try:
            async with asyncio.timeout(self._options.total_seconds):
                return await self._get(path, secret, organization)
        except Exception as error:  # noqa: BLE001 - its message or its frames could show the credential
            return Answer(failure=_failure(error))

    async def _get(self, path: str, secret: Secret, organization: str | None) -> Answer:
        raw = secret.reveal()
        headers = {b"Authorization": b"Bearer " + raw}
        if organization is not None:
            headers[b"X-Anyreach-Org"] = organization.encode()
        async with self._client.stream("GET", self._base.base + path, headers=headers) as response:
            body, is_complete = await _bounded(response)
            return read(
                Response(
                    status=response.status_code,
                    media_type=response.headers.get("Content-Type", ""),
                    body=body.replace(raw, b"***"),
                    is_complete=is_complete,
                    retry_after=response.headers.get("Retry-After", ""),
                    now=time.time(),
                )
            )


class _Silence:
    """Drops what httpx and httpcore log in this thread: at DEBUG level it repeats the headers that a server sends."""

    def __init__(self) -> None:
        self._thread = 0
        self._loggers: list[logging.Logger] = []

    def begin(self) -> None:
        """Start to drop."""
        self._thread = threading.get_ident()
        names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in {"httpx", "httpcore"}]
        self._loggers = [logging.getLogger(name) for name in names]
        for logger in self._loggers:
            logger.addFilter(self._passes)

    def end(self) -> None:
        """Stop dropping."""
        for logger in self._loggers:
            logger.removeFilter(self._passes)

    def _passes(self, record: logging.LogRecord) -> bool:
        return record.thread != self._thread


def _client(
    options: VerifyOptions, transport: httpx.AsyncBaseTransport | None, *, trust_env: bool
) -> httpx.AsyncClient:
    context = ssl.create_default_context()
    if options.ca_bundle is not None:
        context.load_verify_locations(cafile=options.ca_bundle)
    times = {"connect": options.connect_seconds, "read": options.read_seconds}
    try:
        return httpx.AsyncClient(
            verify=context,
            transport=transport,
            trust_env=trust_env,
            follow_redirects=False,
            timeout=httpx.Timeout(options.total_seconds, **times),
            limits=httpx.Limits(max_connections=options.concurrency),
            # Not compressed: 64 KiB could otherwise become gigabytes.
            headers={"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "identity"},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )
    except (ImportError, ValueError, httpx.InvalidURL):
        # The message could show the proxy's password.
        raise UsageError("a proxy in the environment cannot be used", "set HTTPS_PROXY to http://host:port") from None


async def _bounded(response: httpx.Response) -> tuple[bytes, bool]:
    """Return the first ``MAXIMUM_BYTES`` of the body, and whether that is all of it."""
    body = b""
    async for block in response.aiter_raw():
        body += block
        if len(body) > MAXIMUM_BYTES:
            return body[:MAXIMUM_BYTES], False
    return body, True


def _worth_another(answer: Answer) -> bool:
    return answer.status == _THROTTLED or answer.status >= _SERVER_ERROR


def _asked_to_wait(state: tenacity.RetryCallState) -> float:
    return _last(state).retry_after or 0.0


def _last(state: tenacity.RetryCallState) -> Answer:
    answer = state.outcome.result() if state.outcome else None
    return answer if isinstance(answer, Answer) else Answer(failure=Failure.BROKEN)


def _failure(error: Exception) -> Failure:
    match error:
        case httpx.TimeoutException() | TimeoutError():
            return Failure.TIMED_OUT
        case httpx.ProxyError():
            return Failure.PROXY
        case _ if _about_tls(error):
            return Failure.TLS
        case httpx.ConnectError():
            return Failure.UNREACHABLE
        case httpx.TransportError() | OSError():
            return Failure.DROPPED
    return Failure.BROKEN


def _about_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
