"""The header ``Authorization`` of requests to a registry, and the tokens that it asks for.

https://distribution.github.io/distribution/spec/auth/token/ and .../oauth/
"""

from __future__ import annotations

import json
from base64 import b64encode
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from akpatrol.sources.registry import challenges
from akpatrol.sources.registry.logins import login
from akpatrol.validate.loopback import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

    from akpatrol.sources.registry.challenges import Challenge

_LARGEST = 1 << 20
_OK = 200


class Authorization:
    """The credentials of one registry and the tokens got with them, one for each repository.

    They are sent to the registry's ``origin``, and to the server of tokens that it names, by https alone.
    """

    def __init__(self, host: str, origin: str, variables: Mapping[str, str]) -> None:
        self._login = login(host, variables)
        self._headers: dict[str, dict[str, str]] = {}
        self._lock = Lock()
        self.origin = origin

    @property
    def advice(self) -> str:
        """What to do about a refusal, "" where credentials were sent."""
        return self._login.advice

    def header(self, path: str) -> dict[str, str]:
        """Return the header for a path as last asked for, none before."""
        return self._headers.get(_repository(path), {})

    def renewed(self, client: httpx.Client, path: str, header: str) -> dict[str, str]:
        """Return the header that a challenge asks for. Raises ValueError, whose message is the reason."""
        challenge = challenges.parse(header)
        if not challenge:
            raise ValueError("the registry asks for an authorization of an unknown kind")
        with self._lock:
            value = self._basic() if challenge.scheme == "basic" else f"Bearer {self._token(client, challenge)}"
            self._headers[_repository(path)] = {"Authorization": value} if value else {}
            return self._headers[_repository(path)]

    def _basic(self) -> str:
        user, secret, _ = self._login
        if user is None or not secret:
            return ""
        return "Basic " + b64encode(user.encode() + b":" + secret.reveal()).decode()

    def _token(self, client: httpx.Client, challenge: Challenge) -> str:
        if not self._is_safe(challenge.realm):
            raise ValueError("the registry names a server of tokens without https, which was not asked")
        wanted = {key: value for key in ("service", "scope") if (value := getattr(challenge, key))}
        user, secret, _ = self._login
        try:
            if secret and user is None:
                form = {**wanted, "grant_type": "refresh_token", "client_id": "akpatrol"}
                data = {**form, "refresh_token": secret.reveal().decode()}
                request = client.build_request("POST", challenge.realm, data=data)
            else:
                basic = self._basic()
                headers = {"Authorization": basic} if basic else {}
                request = client.build_request("GET", challenge.realm, params=wanted, headers=headers)
            return self._given(client, request)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ValueError(f"the server of tokens cannot be reached: {type(error).__name__}") from None

    def _is_safe(self, realm: str) -> bool:
        """Return whether credentials may be sent there: by https, or where the registry itself is without it."""
        try:
            own, other = urlsplit(self.origin), urlsplit(realm)
            local = is_loopback(own.hostname or "") and is_loopback(other.hostname or "")
        except ValueError:
            return False
        is_same = (own.scheme, own.netloc) == (other.scheme, other.netloc.lower())
        return other.scheme == "https" or is_same or (other.scheme == "http" and local)

    def _given(self, client: httpx.Client, request: httpx.Request) -> str:
        response = client.send(request, stream=True)
        body = bytearray()
        try:
            for block in response.iter_raw():
                body += block
                if len(body) > _LARGEST:
                    raise ValueError("the server of tokens sends too long an answer")
        finally:
            response.close()
        if response.status_code != _OK:
            hint = f": {self.advice}" if self.advice else ""
            raise ValueError(f"the server of tokens answers {response.status_code}{hint}")
        token = _text(bytes(body))
        if not token:
            raise ValueError("the server of tokens does not give one")
        return token


def _text(body: bytes) -> str:
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(document, dict):
        return ""
    token = document.get("token") or document.get("access_token")
    return token if isinstance(token, str) and token.isascii() and token.isprintable() else ""


def _repository(path: str) -> str:
    """Return the repository that a path is of: a token is for one."""
    for mark in ("/blobs/", "/manifests/", "/tags/"):
        if mark in path:
            return path.partition(mark)[0]
    return path.partition("?")[0]
