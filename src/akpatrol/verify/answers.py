"""Turn the bytes of a response into an ``Answer``: its form, and of its content only scopes."""

from __future__ import annotations

import codecs
import json
import re
from typing import NamedTuple

from akpatrol.validate.retry_after import seconds_of
from akpatrol.verify.contract import CLAIM_MISSING, Answer, Shape

MAXIMUM_BYTES = 64 * 1024
_MOST_SCOPES = 500
_SCOPE = re.compile(r"[A-Za-z0-9_*.-]+(:[A-Za-z0-9_*.-]+)*")
_LONGEST_SCOPE = 100  # characters


class Response(NamedTuple):
    """A response as received, its ``body`` cut at ``MAXIMUM_BYTES``; ``is_complete`` says that nothing was cut.

    ``now`` is when it came, in seconds since the epoch, to read a ``Retry-After`` that is a date.
    """

    status: int
    media_type: str
    body: bytes
    is_complete: bool = True
    retry_after: str = ""
    now: float = 0.0


def read(response: Response) -> Answer:
    """Return the answer in a response."""
    document = _document(response) if _is_json(response.media_type) else None
    detail = document.get("detail") if isinstance(document, dict) else None
    shape = Shape.DATA if isinstance(document, (dict, list)) else Shape.OTHER
    if isinstance(detail, str) and response.is_complete:
        shape = Shape.DETAIL
    return Answer(
        status=response.status,
        shape=shape,
        claim_missing=shape is Shape.DETAIL and CLAIM_MISSING in str(detail).lower(),
        scopes=_scopes(document) if response.is_complete else None,
        retry_after=seconds_of(response.retry_after, response.now),
    )


def _is_json(media_type: str) -> bool:
    name = media_type.partition(";")[0].strip().lower()
    return name == "application/json" or name.endswith("+json")


def _document(response: Response) -> object:
    """Return the JSON document; for a cut one, an empty list or object if its beginning is well formed."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(response.body, final=response.is_complete)
    except UnicodeDecodeError:
        return None
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        # A long list of agents is the API's answer even if it is cut: then its end is the only error.
        at_end = error.pos >= len(text) - len("\\u0000\\u0000") or error.msg.startswith("Unterminated string")
        start = text.lstrip()[:1]
        return {"[": [], "{": {}}.get(start) if at_end and not response.is_complete else None
    except (ValueError, RecursionError):
        return None


def _scopes(document: object) -> tuple[str, ...] | None:
    """Return the scopes of a flat list of strings ("Roles and permissions"), without what cannot be a scope's name."""
    if not isinstance(document, list) or not all(isinstance(entry, str) for entry in document):
        return None
    fit = (entry for entry in document if len(entry) <= _LONGEST_SCOPE and _SCOPE.fullmatch(entry))
    return tuple(dict.fromkeys(fit))[:_MOST_SCOPES]
