"""Addresses of log services: ``elasticsearch+https://host/index-pattern``, ``cloudwatch://region/log-group``. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from akpatrol.errors import UsageError
from akpatrol.validate.loopback import is_loopback

KIND = "logs"
CLOUDWATCH = "cloudwatch"
_SERVICES = ("elasticsearch", "opensearch")
SCHEMES = (CLOUDWATCH, *(f"{service}+{protocol}" for service in _SERVICES for protocol in ("https", "http")))
_HINT = "give elasticsearch+https://host/index-pattern or cloudwatch://region/log-group; http is for this machine alone"
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
# Names of indices, separated by commas, some left out by a minus, with wildcards.
_REGION = re.compile(r"[a-z]{2,12}(?:-[a-z]{1,20}){1,3}-[0-9]{1,2}")
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html, with wildcards
_GROUPS = re.compile(r"[A-Za-z0-9._/#*-]{0,512}")
_PATTERN = re.compile(r"[^\s/\\?\"<>|#%:@]{0,2000}")


class LogAddress(NamedTuple):
    """A service at a host with its port, and the ``pattern`` of what to read there, "" for everything.

    CloudWatch has a region in place of a host, and no ``protocol``.
    """

    service: str
    protocol: str
    host: str
    pattern: str = ""

    @property
    def base(self) -> str:
        """The address of the service."""
        plus = "+" if self.protocol else ""
        return f"{self.service}{plus}{self.protocol}://{self.host}"

    @property
    def root(self) -> str:
        """The address of all."""
        return f"{self.base}/{self.pattern}" if self.pattern else self.base

    @property
    def origin(self) -> str:
        """What the URL of each request begins with."""
        return f"{self.protocol}://{self.host}"


def parse(word: str) -> LogAddress:
    """Return the parts of an address. Raises UsageError, whose message shows no password."""
    scheme, _, rest = word.partition("://")
    host, _, pattern = rest.partition("/")
    if "@" in host:
        raise UsageError(
            f"{scheme}://: an address holds no user, password or key",
            "leave it out: credentials come from the environment or from a file",
        )
    service, _, protocol = scheme.partition("+")
    if scheme == CLOUDWATCH:
        if not _REGION.fullmatch(host) or not _GROUPS.fullmatch(pattern):
            raise UsageError(f"not the address of log groups: {word!r}", _HINT)
        return LogAddress(service, "", host, pattern)
    address = LogAddress(service, protocol, host.lower(), pattern.rstrip("/"))
    if scheme not in SCHEMES or not _HOST.fullmatch(host) or not _PATTERN.fullmatch(address.pattern):
        raise UsageError(f"not the address of an index: {word!r}", _HINT)
    if protocol == "http" and not is_local(host):
        raise UsageError(f"{scheme}://{host}: without TLS, only this machine is asked", _HINT)
    return address


def is_local(host: str) -> bool:
    """Return whether a host with its port is this machine."""
    return is_loopback(urlsplit(f"//{host}").hostname or "")
