"""The options of verification, checked before anything is scanned or sent."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from akpatrol.config.options import Options
from akpatrol.errors import UsageError
from akpatrol.validate.loopback import is_ip_address, is_loopback

_DEFAULTS = Options()
DEFAULT_API_URL = _DEFAULTS.api_url
"""The documented base ("Calling the API")."""

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_PATH = re.compile(r"[A-Za-z0-9._~/-]*")
_ORGANIZATION = re.compile(r"[A-Za-z0-9._~-]{1,200}")


class VerifyOptions(NamedTuple):
    """How to verify. Times are in seconds, ``rps`` is requests a second over the whole run.

    ``ca_bundle`` is a PEM file trusted besides the system's store. ``total_seconds`` bounds one request from name
    look-up to the last byte; ``retry_seconds`` all waiting of a run for an API that throttles or fails.
    """

    api_url: str = DEFAULT_API_URL
    organizations: tuple[str, ...] = ()
    scopes: bool = True
    send_unattributed: bool = False
    ca_bundle: str | None = None
    rps: float = _DEFAULTS.verify_rps
    concurrency: int = 3
    connect_seconds: float = 5.0
    read_seconds: float = 10.0
    total_seconds: float = 20.0
    attempts: int = 4
    backoff_seconds: float = 0.5
    retry_seconds: float = 120.0


class ApiAddress(NamedTuple):
    """The address that all requests go to."""

    scheme: str
    host: str
    port: int | None
    path: str

    @property
    def loopback(self) -> bool:
        """True when it is this machine."""
        return is_loopback(self.host)

    @property
    def base(self) -> str:
        """The URL without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{f':{self.port}' if self.port else ''}{self.path}"


def check(options: VerifyOptions) -> None:
    """Raise UsageError for options that are wrong, before anything is sent."""
    address(options.api_url)
    for organization in options.organizations:
        if not _ORGANIZATION.fullmatch(organization):
            raise UsageError("--org: not an organization id", "ids look like org_...")
    numbers = {name: value for name, value in options._asdict().items() if isinstance(value, int | float)}
    for name in ("rps", "concurrency", "connect_seconds", "read_seconds", "total_seconds", "attempts"):
        if not numbers[name] > 0:
            raise UsageError(f"verification: {name} must be more than 0")
    if options.ca_bundle is not None:
        _check_bundle(options.ca_bundle)


def address(url: str) -> ApiAddress:
    """Return the parts of ``--api-url``. Raises UsageError unless it is https, or http to this machine.

    The message does not repeat the address, which may hold a password.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UsageError("--api-url: not a URL", f"the default is {DEFAULT_API_URL}") from None
    if parts.scheme not in {"https", "http"} or not (_HOST.fullmatch(host) or is_ip_address(host)):
        raise UsageError("--api-url: not an https URL", f"the default is {DEFAULT_API_URL}")
    if "@" in parts.netloc or parts.query or parts.fragment or not _PATH.fullmatch(parts.path):
        raise UsageError("--api-url: must be scheme://host[:port][/path]")
    if parts.scheme == "http" and not is_loopback(host):
        raise UsageError("--api-url: credentials are sent over https only", "http is allowed only for this machine")
    return ApiAddress(parts.scheme, host, port, parts.path.rstrip("/"))


def _check_bundle(file: str) -> None:
    import ssl  # noqa: PLC0415 - only runs that verify pay for OpenSSL

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=file)
    except ssl.SSLError:
        raise UsageError(f"--ca-bundle: {file}: not a file of PEM certificates") from None
    except OSError as error:
        raise UsageError(f"--ca-bundle: {file}: {error.strerror or 'cannot be read'}") from None
