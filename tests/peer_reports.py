"""Reports in the shapes that other scanners write, of credentials that are made from a seed.

Each function was held beside a report of the real program: gitleaks 8.30.1, betterleaks 2.0.0-rc.4, kingfisher 2.14.0,
detect-secrets 1.5.0, and trufflehog's source of August 2026.
"""

from __future__ import annotations

import csv
import io
import json
from hashlib import sha1, sha256
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

REDACTED = "REDACTED"


class Leak(NamedTuple):
    """A secret at a place."""

    secret: str
    path: str = "src/app.py"
    line: int = 1
    commit: str = ""
    rule: str = "anyreach-organization-key"
    column: int = 12
    encodings: tuple[str, ...] = ()
    redacted: bool = False

    @property
    def shown(self) -> str:
        """What a report shows of the secret."""
        return REDACTED if self.redacted else self.secret

    @property
    def end(self) -> int:
        """The last column."""
        return self.column + len(self.secret) - 1


def gitleaks(leaks: Sequence[Leak]) -> bytes:
    """Return gitleaks' JSON."""
    return _json([_gitleaks(leak) for leak in leaks])


def gitleaks_csv(leaks: Sequence[Leak]) -> bytes:
    """Return gitleaks' CSV."""
    columns = [
        *("RuleID", "Commit", "File", "SymlinkFile", "Secret", "Match", "StartLine", "EndLine", "StartColumn"),
        *("EndColumn", "Author", "Message", "Date", "Email", "Fingerprint", "Tags"),
    ]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for leak in leaks:
        entry = _gitleaks(leak)
        entry["Tags"] = " ".join(entry["Tags"])
        writer.writerow([entry[column] for column in columns])
    return text.getvalue().encode("utf-8", "surrogateescape")


def _gitleaks(leak: Leak) -> dict[str, Any]:
    return {
        "RuleID": leak.rule,
        "Description": "Anyreach organization API key",
        "StartLine": leak.line,
        "EndLine": leak.line,
        "StartColumn": leak.column,
        "EndColumn": leak.end,
        "Match": leak.shown,
        "Secret": leak.shown,
        "File": leak.path,
        "SymlinkFile": "",
        "Commit": leak.commit,
        "Entropy": 4.8,
        "Author": "Ada Author" if leak.commit else "",
        "Email": "ada@example.org" if leak.commit else "",
        "Date": "2024-01-01T20:00:00Z" if leak.commit else "",
        "Message": "Change" if leak.commit else "",
        "Tags": [f"decoded:{name}" for name in leak.encodings],
        "Fingerprint": f"{leak.commit}:{leak.path}:{leak.rule}:{leak.line}",
    }


def gitleaks_sarif(leaks: Sequence[Leak]) -> bytes:
    """Return gitleaks' SARIF."""
    return _sarif("gitleaks", "v8.0.0", [_gitleaks_result(leak) for leak in leaks], {leak.rule for leak in leaks})


def _gitleaks_result(leak: Leak) -> dict[str, Any]:
    return {
        "message": {"text": f"{leak.rule} has detected secret for file {leak.path} at commit {leak.commit}."},
        "ruleId": leak.rule,
        "locations": [{"physicalLocation": _physical(leak)}],
        "partialFingerprints": {
            "commitSha": leak.commit,
            "email": "ada@example.org",
            "author": "Ada Author",
            "date": "2024-01-01T03:00:00Z",
            "commitMessage": "Change",
        },
        "properties": {"tags": []},
    }


def _physical(leak: Leak) -> dict[str, Any]:
    return {
        "artifactLocation": {"uri": leak.path},
        "region": {
            "startLine": leak.line,
            "startColumn": leak.column,
            "endLine": leak.line,
            "endColumn": leak.end,
            "snippet": {"text": leak.shown},
        },
    }


def _sarif(tool: str, version: str, results: list[dict[str, Any]], rules: set[str]) -> bytes:
    driver = {
        "name": tool,
        "semanticVersion": version,
        "informationUri": "https://example.org",
        "rules": [{"id": rule, "shortDescription": {"text": rule}} for rule in sorted(rules)],
    }
    return _json({"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]})


def betterleaks(leaks: Sequence[Leak], state: str = "complete") -> bytes:
    """Return betterleaks' JSON."""
    return _json({"schema_version": "1", "findings": [_betterleaks(leak) for leak in leaks], "scan": _scan(state)})


def betterleaks_lines(leaks: Sequence[Leak]) -> bytes:
    """Return betterleaks' JSON Lines."""
    lines = [{"schema_version": "1", "finding": _betterleaks(leak)} for leak in leaks]
    return _lines([*lines, {"schema_version": "1", "scan": _scan("complete")}])


def _scan(state: str) -> dict[str, Any]:
    return {
        "state": state,
        "source": {"type": "git", "targets": ["."]},
        "betterleaks_version": "2.0.0-rc.4",
        "num_findings": 1,
    }


def _betterleaks(leak: Leak) -> dict[str, Any]:
    entry = {
        "rule_id": leak.rule,
        "rule_hash": sha256(leak.rule.encode("utf-8", "replace")).hexdigest(),
        "description": "organization key",
        "confidence": "",
        "match": {
            "full": leak.shown,
            "value": leak.shown,
            "fingerprint": sha256(leak.secret.encode()).hexdigest(),
        },
        "attributes": {"git.sha": leak.commit, "resource": "git.patch_content"} if leak.commit else {},
        "location": {
            "path": leak.path,
            "start_line": leak.line,
            "end_line": leak.line,
            "start_column": leak.column,
            "end_column": leak.end,
        },
    }
    return {**entry, "encodings": list(leak.encodings), "decode_depth": 1} if leak.encodings else entry


def kingfisher(leaks: Sequence[Leak]) -> bytes:
    """Return kingfisher's JSON."""
    metadata = {"kingfisher_version": "2.14.0", "summary": {"findings": len(leaks), "confidence_level": "medium"}}
    return _json({"findings": [_kingfisher(leak) for leak in leaks], "audit": _audit(), "metadata": metadata})


def kingfisher_lines(leaks: Sequence[Leak]) -> bytes:
    """Return kingfisher's JSON Lines."""
    return _lines([*(_kingfisher(leak) for leak in leaks), {"audit": _audit()}])


def _audit() -> dict[str, Any]:
    return {"schema": "kingfisher.repository-audit.v1", "summary": {"scan_failed": 0, "scan_partial": 0}}


def _kingfisher(leak: Leak) -> dict[str, Any]:
    finding = {
        "snippet": f"[REDACTED:{sha1(leak.secret.encode(), usedforsecurity=False).hexdigest()[:8]}]"
        if leak.redacted
        else leak.secret,
        "fingerprint": "14107567514637727247",
        "confidence": "medium",
        "entropy": "4.90",
        "validation": {"outcome": "not_attempted", "status": "Not Attempted", "response": ""},
        "language": "Unknown",
        "line": leak.line,
        "column_start": leak.column - 1,
        "column_end": leak.end,
        "path": leak.path,
    }
    if leak.encodings:
        finding["encoding"] = leak.encodings[0]
    if leak.commit:
        finding["git_metadata"] = {
            "repository_url": "repo",
            "commit": {"id": leak.commit, "date": "2024-01-01", "author": {"name": "Ada", "email": "ada@example.org"}},
            "file": {"path": leak.path, "url": f"repo/blob/{leak.commit}/{leak.path}#L{leak.line}"},
        }
    rule = {"title": leak.rule, "name": leak.rule, "id": leak.rule, "description": "Organization key"}
    return {"rule": rule, "finding": finding}


def kingfisher_sarif(leaks: Sequence[Leak]) -> bytes:
    """Return kingfisher's SARIF, which names no commit."""
    results = [
        {
            "kind": "review",
            "level": "warning",
            "locations": [{"physicalLocation": _physical(leak)}],
            "message": {"text": f"{leak.rule} matched {leak.path}"},
            "partialFingerprints": {"fingerprint": "14107567514637727247"},
            "ruleId": leak.rule,
        }
        for leak in leaks
    ]
    return _sarif("kingfisher", "2.14.0", results, set())


def trufflehog(leaks: Sequence[Leak]) -> bytes:
    """Return trufflehog's JSON Lines."""
    return _lines([_trufflehog(leak) for leak in leaks])


def _trufflehog(leak: Leak) -> dict[str, Any]:
    place: dict[str, Any] = {"file": leak.path, "line": leak.line}
    data = {"Git": {"commit": leak.commit, **place}} if leak.commit else {"Filesystem": place}
    return {
        "SourceMetadata": {"Data": data},
        "SourceID": 1,
        "SourceType": 16,
        "SourceName": "trufflehog - git",
        "DetectorType": 895,
        "DetectorName": leak.rule,
        "DetectorDescription": "",
        "DecoderName": leak.encodings[0].upper() if leak.encodings else "PLAIN",
        "Verified": False,
        "VerificationFromCache": False,
        "Raw": leak.secret,
        "RawV2": "",
        "Redacted": "",
        "ExtraData": None,
        "StructuredData": None,
    }


def detect_secrets(leaks: Sequence[Leak]) -> bytes:
    """Return a baseline of detect-secrets."""
    results: dict[str, list[dict[str, Any]]] = {}
    for leak in leaks:
        entry = {
            "type": leak.rule,
            "filename": leak.path,
            "hashed_secret": sha1(leak.secret.encode(), usedforsecurity=False).hexdigest(),
            "is_verified": False,
            "line_number": leak.line,
        }
        results.setdefault(leak.path, []).append(entry)
    return _json({"version": "1.5.0", "plugins_used": [{"name": "AWSKeyDetector"}], "results": results})


WRITERS: dict[str, Callable[[Sequence[Leak]], bytes]] = {
    "gitleaks": gitleaks,
    "gitleaks CSV": gitleaks_csv,
    "gitleaks SARIF": gitleaks_sarif,
    "betterleaks": betterleaks,
    "betterleaks lines": betterleaks_lines,
    "kingfisher": kingfisher,
    "kingfisher lines": kingfisher_lines,
    "kingfisher SARIF": kingfisher_sarif,
    "trufflehog": trufflehog,
    "detect-secrets": detect_secrets,
}
"""Every format of another scanner."""


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1).encode()


def _lines(values: Sequence[Any]) -> bytes:
    return "".join(json.dumps(value) + "\n" for value in values).encode()
