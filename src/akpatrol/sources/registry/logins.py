"""The user and password of a registry: from the environment, or from the file of ``docker login``.

A helper program that the file names (``credsStore``, ``credHelpers``) is not run. The format:
https://docs.docker.com/reference/cli/docker/login/#configure-the-credential-store
"""

from __future__ import annotations

import binascii
import json
import os
from base64 import b64decode
from typing import TYPE_CHECKING, Any, NamedTuple

from akpatrol.model.scan import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

USER, PASSWORD, TOKEN = "AKPATROL_REGISTRY_USER", "AKPATROL_REGISTRY_PASSWORD", "AKPATROL_REGISTRY_TOKEN"
HOST = "AKPATROL_REGISTRY_HOST"
_LARGEST = 1 << 20
# https://github.com/docker/cli: the name under which a login at Docker's own registry is kept.
_DOCKER_HUB = ("docker.io", "index.docker.io", "registry-1.docker.io")
_HUB_ENTRY = "https://index.docker.io/v1/"


class RegistryLogin(NamedTuple):
    """A ``user`` with a password, or with an identity token if the user is None. ``advice`` is for a refusal."""

    user: str | None = None
    secret: Secret | None = None
    advice: str = ""


def login(host: str, variables: Mapping[str, str]) -> RegistryLogin:
    """Return the login at a host, one without a secret where there is none.

    Those of the environment are for the one host that is named there.
    """
    if variables.get(HOST, "").lower() == host:
        if token := variables.get(TOKEN):
            return RegistryLogin(None, Secret(token.encode()))
        if password := variables.get(PASSWORD):
            return RegistryLogin(variables.get(USER, ""), Secret(password.encode()))
    directory = variables.get("DOCKER_CONFIG") or os.path.join(variables.get("HOME", ""), ".docker")
    return _from_file(os.path.join(directory, "config.json"), host)


def _from_file(file: str, host: str) -> RegistryLogin:
    try:
        with open(file, "rb") as stream:
            document = json.loads(stream.read(_LARGEST))
    except (OSError, ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        return RegistryLogin(advice=f"set {HOST}, {USER} and {PASSWORD}, or use docker login")
    for name in _entries(host):
        entry = _at(document, "auths", name)
        if isinstance(entry, dict) and (found := _login(entry)):
            return found
    if document.get("credsStore") or any(_at(document, "credHelpers", name) for name in _entries(host)):
        advice = f"the helper program that ~/.docker/config.json names is not run: set {HOST}, {USER} and {PASSWORD}"
        return RegistryLogin(advice=advice)
    return RegistryLogin(advice=f"set {HOST}, {USER} and {PASSWORD}, or use docker login")


def _entries(host: str) -> tuple[str, ...]:
    names = (host, f"https://{host}", f"https://{host}/", f"https://{host}/v1/", f"https://{host}/v2/")
    return (*names, _HUB_ENTRY) if host in _DOCKER_HUB else names


def _at(document: Mapping[str, Any], key: str, name: str) -> Any:
    table = document.get(key)
    return table.get(name) if isinstance(table, dict) else None


def _login(entry: Mapping[str, Any]) -> RegistryLogin | None:
    token = entry.get("identitytoken")
    if isinstance(token, str) and token:
        return RegistryLogin(None, Secret(token.encode()))
    packed = entry.get("auth")
    try:
        user, colon, password = b64decode(packed or "", validate=True).decode().rstrip("\0").partition(":")
    except (binascii.Error, ValueError, TypeError):
        return None
    return RegistryLogin(user, Secret(password.encode())) if colon else None
