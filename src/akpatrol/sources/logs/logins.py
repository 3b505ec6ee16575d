"""The header ``Authorization`` for a log service: from the environment, or from files that it names.

Elasticsearch: https://www.elastic.co/docs/api/doc/elasticsearch/authentication. The forms are those of OpenSearch and
of the proxies before other services, too.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from akpatrol.model.scan import Secret
from akpatrol.sources.logs.service import LogError

if TYPE_CHECKING:
    from collections.abc import Mapping

HOST, API_KEY, TOKEN = "AKPATROL_LOGS_HOST", "AKPATROL_LOGS_API_KEY", "AKPATROL_LOGS_TOKEN"
USER, PASSWORD = "AKPATROL_LOGS_USER", "AKPATROL_LOGS_PASSWORD"
_FILE = "_FILE"
_LARGEST = 64 << 10


def authorization(host: str, variables: Mapping[str, str]) -> Secret | None:
    """Return the value of the header for a host with its port; None if the environment names another or none.

    Raises LogError for a file that cannot be read, and for a value that no header can hold.
    """
    if variables.get(HOST, "").lower() != host:
        return None
    if key := _value(API_KEY, variables):
        # Elasticsearch shows a key as an id and a key, and encoded for the header.
        return _header("ApiKey", b64encode(key.encode()).decode() if ":" in key else key)
    if token := _value(TOKEN, variables):
        return _header("Bearer", token)
    if password := _value(PASSWORD, variables):
        return _header("Basic", b64encode(f"{variables.get(USER, '')}:{password}".encode()).decode())
    return None


def _value(name: str, variables: Mapping[str, str]) -> str:
    if value := variables.get(name, ""):
        return value
    if not (file := variables.get(name + _FILE)):
        return ""
    try:
        with open(file, encoding="utf-8") as stream:
            value = stream.read(_LARGEST).strip()
    except (OSError, ValueError):
        value = ""
    if not value:
        raise LogError(f"the file that {name}{_FILE} names cannot be read, or is empty")
    return value


def _header(scheme: str, value: str) -> Secret:
    if not value.isascii() or not value.isprintable():
        raise LogError("the credential for the log service has characters that no header can hold")
    return Secret(f"{scheme} {value}".encode(), scheme)
