"""Where a SARIF result is: URIs relative to a repository's root, percent-encoded from masked paths' bytes.

RFC 3986 for URIs, RFC 8089 for files.
"""

from __future__ import annotations

import os.path
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from akpatrol.model.scan import Place
from akpatrol.report.text_safety import decoded, encoded
from akpatrol.report.wording import directory_of, is_address

if TYPE_CHECKING:
    from collections.abc import Callable

    from akpatrol.model.credential import Occurrence
    from akpatrol.model.scan import Target

_SCP_LIKE = re.compile(r"(?:([\w.-]+)@)?([\w.-]+):(?!/)(.+)", re.ASCII)
_SCHEMES = {"https", "http", "ssh", "git", "file", "git+ssh"}
_ID_PLACES = {Place.COMMIT_MESSAGE: "commit", Place.AUTHOR: "commit", Place.COMMITTER: "commit"}
_TAG_PLACES = {Place.TAG_MESSAGE: "tag", Place.TAGGER: "tag"}


def base_of(target: Target) -> str:
    """Return the directory that a target's URIs are relative to."""
    return target.base or directory_of(target.kind, target.root)


def file_uri(path: str, redact: Callable[[str], str], *, directory: bool = False) -> str:
    """Return an absolute path as a file URI, with a slash last for a directory."""
    quoted = quote(encoded(redact(path)).strip(b"/"))
    return f"file:///{quoted}" + "/" * (directory and quoted != "")


def artifact_uri(occurrence: Occurrence, target: Target | None, redact: Callable[[str], str]) -> str:
    """Return the place's URI: its file's, or a logical one under ``git/`` for anything that is not a file."""
    if target and is_address(target.root):
        # Which bucket or registry it is stands in the address alone; a place in a page of a forge follows a mark.
        safe = "/#" if target.root.startswith("http") else "/"
        path = quote(encoded(redact(decoded(occurrence.path or b""))), safe=safe)
        return f"{quote(encoded(redact(base_of(target))), safe=':/')}/{path}"
    redacted = redact(_logical(occurrence) or decoded(_physical(occurrence, target)))
    return quote(encoded(redacted).lstrip(b"/")) or "unknown"


def _logical(occurrence: Occurrence) -> str:
    place = occurrence.place
    commit = occurrence.introduced.id if occurrence.introduced else None
    if place in _ID_PLACES:
        return "/".join(filter(None, ["git", _ID_PLACES[place], commit or occurrence.object]))
    if place in _TAG_PLACES:
        return "/".join(filter(None, ["git", _TAG_PLACES[place], occurrence.object]))
    if place is Place.REF_NAME:
        return "/".join(["git", *occurrence.refs[:1]]) if occurrence.refs else "git/refs"
    if place is Place.CONTENT and not occurrence.path and occurrence.object:
        return "git/blob/" + occurrence.object
    if place is Place.GIT_DIR:
        return "git/directory/" + decoded(occurrence.path or b"").removeprefix(".git/")
    return ""


def _physical(occurrence: Occurrence, target: Target | None) -> bytes:
    path = occurrence.path or b""
    if target is None:
        return path or b"stdin"
    root, base = encoded(directory_of(target.kind, target.root)), encoded(base_of(target))
    inside = os.path.relpath(root, base) if os.path.isabs(root) and os.path.isabs(base) else b"."
    if inside == b"." or inside.startswith(b".."):
        return path or os.path.basename(root.rstrip(b"/")).strip(b"-") or b"stdin"
    return inside + b"/" + path if path else inside


def repository_uri(target: Target, redact: Callable[[str], str]) -> str | None:
    """Return where a repository comes from, without user and password, or else its own place."""
    uri = _remote_uri(redact(target.remote)) if target.remote else None
    if uri is None and os.path.isabs(base_of(target)):
        return file_uri(base_of(target), redact, directory=True)
    return uri


def _remote_uri(remote: str) -> str | None:
    if "://" not in remote and (scp := _SCP_LIKE.fullmatch(remote)):
        return f"ssh://{scp[2]}/{quote(encoded(scp[3]))}"
    try:
        parts = urlsplit(remote)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in _SCHEMES or not re.fullmatch(r"[0-9A-Za-z.-]+", host or ""):
        return None
    at = f"{host}:{port}" if port else host
    return f"{parts.scheme}://{at}{quote(encoded(parts.path), safe='/%')}"
