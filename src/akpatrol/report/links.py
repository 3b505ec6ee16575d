"""Web addresses of a line or a commit, on GitHub, GitLab or a forge that the caller chooses.

Remotes come from the configuration of repositories that may be hostile, so only http and https addresses of a plain
host ever leave this module, and every part of them is quoted.

https://docs.github.com/en/repositories/working-with-files/using-files/getting-permanent-links-to-files
https://docs.gitlab.com/user/project/repository/files/
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from akpatrol.errors import UsageError
from akpatrol.model.scan import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from akpatrol.report.view import OccurrenceView, TargetView

PLACEHOLDERS = ("repository", "commit", "path", "line", "object")
LONGEST = 2000
"""Characters; some browsers and servers take no longer address."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
# Neither a Windows drive nor git's ``helper::address``: https://git-scm.com/docs/gitremote-helpers
_SCP = re.compile(r"(?![A-Za-z]:[\\/])(?:[^@/:]+@)?(?P<host>[^@/:]+):(?P<path>(?!//|:).+)", re.DOTALL)
_ESCAPED_BYTE = re.compile(rb"\\x([0-9a-f]{2})")
_MASK = re.compile(r"\*\*\*\(\d+\)")
# Hosts that speak ssh over the port of https: https://docs.github.com/en/authentication/troubleshooting-ssh
_SSH_HOSTS = {"ssh.github.com": "github.com", "altssh.gitlab.com": "gitlab.com"}
_RENDERED = (".md", ".markdown", ".rst", ".adoc", ".ipynb")
_OF_SEGMENTS = {"repository", "path"}
_TEXTS_OF_COMMITS = {Place.COMMIT_MESSAGE, Place.AUTHOR, Place.COMMITTER}


class Links(NamedTuple):
    """Addresses of one place: the line or file, and the commit that introduced it; None where there is none."""

    line: str | None = None
    commit: str | None = None


class Home(NamedTuple):
    """A repository on a forge: the address of its page, and the part between that and ``blob`` or ``commit``."""

    page: str
    infix: str

    @property
    def name(self) -> str:
        """The repository's name there, ``owner/name``."""
        return self.page.split("/", 3)[3]


class Linker:
    """Makes the links of a document's occurrences; ``targets`` are the document's, ``template`` the caller's.

    A template takes precedence over a remote; what is a page itself needs neither. Raises UsageError for an invalid
    template.
    """

    def __init__(self, targets: Iterable[TargetView], template: str | None = None) -> None:
        targets = list(targets)
        if template is not None:
            check(template)
        self._template = template
        remotes = {target["id"]: target["remote"] or "" for target in targets}
        self._sites = {target["id"]: _site(target["path"]) for target in targets}
        self._homes = {target: home(remote) for target, remote in remotes.items()}
        self._repositories = {target: repository(remote) for target, remote in remotes.items()}

    def name(self, target: str) -> str | None:
        """Return a target's name on the forge."""
        place = self._homes.get(target)
        return place.name if place else None

    def links(self, occurrence: OccurrenceView) -> Links:
        """Return the links of one occurrence, whose texts are as ``document.build`` gives them."""
        commit = occurrence["introduced"]["id"] if occurrence["introduced"] else ""
        path = _path(occurrence)
        place = self._homes.get(occurrence["target"])
        if site := self._sites.get(occurrence["target"]):
            return Links(_short(f"{site}/{_quoted(path, safe='/#')}") if path else None)
        if self._template is not None:
            values = {
                "repository": self._repositories.get(occurrence["target"]),
                "commit": commit,
                "path": path,
                "line": _line(occurrence),
                "object": occurrence["object"],
            }
            return Links(_short(filled(self._template, values)), _short(_commit_page(place, commit)))
        if place is None or not _COMMIT.fullmatch(commit):
            return Links()
        page = _commit_page(place, commit)
        if occurrence["place"] in _TEXTS_OF_COMMITS:
            return Links(_short(page), _short(page))
        return Links(_short(_file_page(place, commit, path, _line(occurrence))), _short(page))


def check(template: str) -> None:
    """Raise UsageError unless the template is an http or https address whose placeholders are known ones."""
    named = f"--link-template {template!r}"
    for name in _PLACEHOLDER.findall(template):
        if name not in PLACEHOLDERS:
            close = get_close_matches(name, PLACEHOLDERS, 1)
            hint = (
                f"did you mean {{{close[0]}}}?"
                if close
                else "use " + ", ".join(f"{{{placeholder}}}" for placeholder in PLACEHOLDERS)
            )
            raise UsageError(f"{named}: unknown placeholder {{{name}}}", hint)
    rest = _PLACEHOLDER.sub("", template)
    if "{" in rest or "}" in rest:
        raise UsageError(f"{named}: unmatched brace", "write %7B for { and %7D for }")
    if not template.isascii() or not template.isprintable() or " " in template:
        raise UsageError(f"{named}: must be printable ASCII without spaces", "write other characters as %XX")
    scheme, _, after = template.partition("://")
    host = re.split(r"[/?#]", after, maxsplit=1)[0]
    if scheme not in {"http", "https"} or not _host(host):
        example = "https://git.example.org/{repository}/blob/{commit}/{path}#L{line}"
        raise UsageError(f"{named}: must be an http or https URL with a host", f"for example {example}")


def filled(template: str, values: Mapping[str, str | None]) -> str | None:
    """Return the template with its placeholders replaced, quoted; without its fragment where that lacks the line.

    None where something else is missing, or the template has no placeholder.
    """
    front, hash_, fragment = template.partition("#")
    needed = _PLACEHOLDER.findall(front)
    in_fragment = _PLACEHOLDER.findall(fragment)
    # In an application the fragment may be the whole address; in other pages a line there only scrolls.
    needed += [name for name in in_fragment if name != "line"]
    if not all(values[name] for name in needed) or not _PLACEHOLDER.search(template):
        return None
    if not all(values[name] for name in in_fragment):
        hash_ = fragment = ""
    return _PLACEHOLDER.sub(lambda match: _quoted_value(match[1], values), front + hash_ + fragment)


def home(remote: str) -> Home | None:
    """Return the web page of a remote's repository; None unless it is on GitHub or GitLab.

    A self-hosted installation is recognised by its host name, ``github.example.org`` or ``gitlab.example.org``.
    """
    scheme, host, path = _parts(remote)
    host = _SSH_HOSTS.get(host, host)
    labels = host.partition(":")[0].split(".")
    segments = _segments(path)
    if len(segments) < 2 or {".", ".."} & set(segments) or not _host(host):  # noqa: PLR2004 - owner and name
        return None
    page = f"{scheme}://{host}/" + "/".join(_quoted(segment) for segment in segments)
    if host == "github.com" or (labels[0] == "github" and len(labels) > 1):
        return Home(page, "") if len(segments) == 2 else None  # noqa: PLR2004 - owner and name, no more
    return Home(page, "-/") if "gitlab" in labels else None


def repository(remote: str) -> str | None:
    """Return the path of a remote on its host, ``team/service``; None for a remote that is on none.

    Also for one whose path is masked in part, which leads nowhere.
    """
    _, host, path = _parts(remote)
    path = "/".join(_segments(path))
    return path if host and path and not _MASK.search(path) else None


def _segments(path: str) -> list[str]:
    return [segment for segment in path.removesuffix("/").removesuffix(".git").split("/") if segment]


def _parts(remote: str) -> tuple[str, str, str]:
    """Return scheme, host and path of a remote's web address, empty when it has none."""
    if "://" in remote:
        try:
            split = urlsplit(remote)
            host, port, path = (split.hostname or "").lower(), split.port, unquote(split.path)
        except ValueError:
            return "", "", ""
        if split.scheme in {"http", "https"}:
            return split.scheme, f"{host}:{port}" if port else host, path
        # The port of ssh says nothing about the web's.
        return ("https", host, path) if split.scheme in {"ssh", "git+ssh", "git"} else ("", "", "")
    match = _SCP.fullmatch(remote)
    return ("https", match["host"].lower(), match["path"].lstrip("/")) if match else ("", "", "")


def _host(text: str) -> bool:
    host, colon, port = text.lower().partition(":")
    return bool(_HOST.fullmatch(host)) and (not colon or (port.isascii() and port.isdigit()))


def _commit_page(place: Home | None, commit: str) -> str | None:
    return f"{place.page}/{place.infix}commit/{commit}" if place and _COMMIT.fullmatch(commit) else None


def _file_page(place: Home, commit: str, path: str | None, line: str | None) -> str | None:
    if not path:
        return None
    # A rendered page has no lines to jump to.
    plain = "?plain=1" if path.lower().endswith(_RENDERED) else ""
    return f"{place.page}/{place.infix}blob/{commit}/{_quoted(path, safe='/')}{plain}" + (f"#L{line}" if line else "")


def _path(occurrence: OccurrenceView) -> str | None:
    """Return the path of a file in the commit's tree; a masked name leads nowhere."""
    path: str | None = occurrence["path"]
    is_file = occurrence["place"] in {Place.CONTENT, Place.PATH}
    return path if path and is_file and not _MASK.search(path) else None


def _site(root: str) -> str | None:
    """Return scheme and host of a target whose places are pages: an issue, a comment, a workflow's run."""
    scheme, _, rest = root.partition("://")
    host = rest.partition("/")[0]
    return f"{scheme}://{host}" if scheme in {"http", "https"} and _host(host) else None


def _line(occurrence: OccurrenceView) -> str | None:
    """Return the line in the file itself; lines in a member of an archive are the member's."""
    in_file = occurrence["place"] == Place.CONTENT and not occurrence["containers"]
    return str(occurrence["line"]) if in_file and occurrence["line"] else None


def _quoted_value(name: str, values: Mapping[str, str | None]) -> str:
    return _quoted(values[name] or "", safe="/" if name in _OF_SEGMENTS else "")


def _quoted(text: str, safe: str = "") -> str:
    r"""Return the text's bytes quoted; ``\xNN`` in a document's path means one byte."""
    data = _ESCAPED_BYTE.sub(lambda match: bytes([int(match[1], 16)]), text.encode("utf-8", "replace"))
    # A browser would take the dots of these for the way up.
    parts = data.split(b"/") if "/" in safe else [data]
    return "/".join({b".": "%2E", b"..": "%2E%2E"}.get(part, quote(part, safe=safe)) for part in parts)


def _short(address: str | None) -> str | None:
    return address if address and len(address) <= LONGEST else None
