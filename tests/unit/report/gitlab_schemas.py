"""What GitLab wants of its reports, written down from its documentation; these are not GitLab's own schema files.

https://docs.gitlab.com/development/integrations/secure/#report for version 15 of security reports, and
https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format.
"""

from __future__ import annotations

from typing import Any

_TEXT = {"type": "string", "minLength": 1}
_TIME = {"type": "string", "pattern": r"^\d{4}-(0[1-9]|1[0-2])-([0-2]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d$"}
_LINE = {"type": "integer", "minimum": 1}


def _closed(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }


_TOOL = _closed(id=_TEXT, name=_TEXT, version=_TEXT, vendor=_closed(name=_TEXT))
_LOCATION = _closed(file=_TEXT, commit=_closed(sha=_TEXT))
_LOCATION["properties"] |= {"start_line": _LINE, "end_line": _LINE}
_IDENTIFIER = _closed(type=_TEXT, name=_TEXT, value=_TEXT)
_IDENTIFIER["properties"]["url"] = {"type": "string", "pattern": "^https://.+"}

SECRET_DETECTION = _closed(
    version={"type": "string", "pattern": r"^15\.[0-9]+\.[0-9]+$"},
    schema={"type": "string", "pattern": "^https://"},
    scan=_closed(
        analyzer=_TOOL,
        scanner=_TOOL,
        type={"const": "secret_detection"},
        start_time=_TIME,
        end_time=_TIME,
        status={"enum": ["success", "failure"]},
        messages={
            "type": "array",
            "items": _closed(level={"enum": ["info", "warn", "fatal"]}, value=_TEXT),
        },
    ),
    vulnerabilities={
        "type": "array",
        "items": _closed(
            id=_TEXT,
            category={"const": "secret_detection"},
            name={**_TEXT, "maxLength": 255},
            description={**_TEXT, "maxLength": 15_000},
            severity={"enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"]},
            solution={**_TEXT, "maxLength": 7_000},
            raw_source_code_extract=_TEXT,
            location=_LOCATION,
            identifiers={"type": "array", "minItems": 1, "maxItems": 20, "items": _IDENTIFIER},
        ),
    },
)

CODE_QUALITY = {
    "type": "array",
    "items": _closed(
        description=_TEXT,
        check_name=_TEXT,
        fingerprint=_TEXT,
        severity={"enum": ["info", "minor", "major", "critical", "blocker"]},
        location=_closed(path={**_TEXT, "pattern": r"^(?!\./|/)"}, lines=_closed(begin=_LINE)),
    ),
}
