"""Clients of AWS, and of services that speak its protocols, by botocore.

Endpoint, region, profile and credentials are botocore's own, from its environment, files and metadata services:
https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError
from botocore.session import get_session

from akpatrol import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from akpatrol.errors import AkpatrolError


def client(service: str, *, region: str = "", is_public: bool = False) -> Any:
    """Return a client of a service in a region, by default that of the settings.

    With ``is_public``, requests are not signed where there are no credentials. Raises botocore's errors.
    """
    session = _session(tuple(item for item in os.environ.items() if item[0].startswith(("AWS_", "HOME"))))
    signing = {} if not is_public or session.get_credentials() else {"signature_version": UNSIGNED}
    config = Config(
        connect_timeout=20,
        read_timeout=60,
        max_pool_connections=32,
        retries={"mode": "standard", "total_max_attempts": 5},
        user_agent_extra=f"akpatrol/{__version__}",
        **signing,
    )
    region = region or session.get_config_variable("region") or "us-east-1"
    return session.create_client(service, region_name=region, config=config)


@contextmanager
def explained(failed: type[AkpatrolError], reasons: Mapping[str, AkpatrolError]) -> Iterator[None]:
    """Raise botocore's errors as ``failed``, or as what ``reasons`` has for the code of an answer.

    The server's own words are not repeated.
    """
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if known := reasons.get(code):
            raise type(known)(*known.args) from None
        said = f"the server answers {code}" if code.isalnum() else "the server answers with an error"
        raise failed(said) from None
    except (HTTPClientError, NoConnectionError) as error:
        raise failed(f"the server cannot be reached: {type(error).__name__}") from None
    except BotoCoreError as error:
        raise failed(f"the settings of AWS cannot be used: {type(error).__name__}") from None
    except (OSError, ValueError) as error:
        raise failed(f"the connection failed: {type(error).__name__}") from None


@lru_cache(maxsize=4)
def _session(_variables: tuple[tuple[str, str], ...]) -> Any:
    """Return botocore's settings, credentials and descriptions, which take it 0.3 seconds; no connection."""
    return get_session()
