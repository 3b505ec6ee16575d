"""Why a forge does not give something, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.errors import AkpatrolError

if TYPE_CHECKING:
    from akpatrol.sources.forge.site import ForgeSite

_NON_AUTHORITATIVE = 203
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _GONE = 401, 403, 404, 410


class ForgeError(AkpatrolError):
    """A forge did not give everything; the message is the reason and holds nothing that a server sent."""


class BrokenError(ForgeError):
    """A connection that broke in the middle of an answer."""


class RefusedError(ForgeError):
    """A forge refuses to give something, or hides it, with this HTTP ``status``."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status

    @property
    def is_absent(self) -> bool:
        """Whether the forge says that there is no such thing."""
        return self.status in (_NOT_FOUND, _GONE)

    @property
    def was_deleted(self) -> bool:
        """Whether the forge says that it is no longer there, and will not be again."""
        return self.status == _GONE

    @property
    def wants_token(self) -> bool:
        """Whether the forge asks for a token, or for another one."""
        return self.status in (_UNAUTHORIZED, _NON_AUTHORITATIVE)

    @property
    def forbids(self) -> bool:
        """Whether the token is not enough."""
        return self.status == _FORBIDDEN


def refusal(site: ForgeSite, status: int) -> ForgeError:
    """Return the error for an HTTP status."""
    host = site.host
    if status in (_UNAUTHORIZED, _NON_AUTHORITATIVE):
        words = f"does not accept the token in {site.variable}" if site.authorization else "requires a token"
    elif status == _FORBIDDEN:
        words = "refuses access"
    elif status == _NOT_FOUND:
        words = "does not have it, or hides it"
    elif status == _GONE:
        words = "no longer has it"
    else:
        return ForgeError(f"{host} answers {status}")
    return RefusedError(f"{host} {words} ({status})", status)
