"""Classify paths by context: content that is sent to browsers, and documentation or tests.

A path is relative to its target, in bytes, with ``/`` between its parts; a member follows its container's path. Pure:
nothing is opened. Directories served unchanged: Vite and Next.js ``public/``, ASP.NET Core ``wwwroot/``, Cordova
``www/``; build output that is served: Create React App ``build/static/``, Next.js ``_next/static/``, Nuxt ``_nuxt/``,
SvelteKit ``_app/immutable/``, Astro ``_astro/``, Storybook ``storybook-static/``, Vite and webpack ``dist/``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from akpatrol.model.scan import Place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from akpatrol.model.credential import Occurrence

# Files that a server delivers from these directories, not those it runs (public/index.php) or a compiler's input.
_SERVED = rb"\.(?:m?js|css|map|html?|xhtml|json|webmanifest|svg|xml|txt|ya?ml|wasm)"

_PAGES = rb"\.(?:html?|xhtml|vue|svelte)"  # single-file components are compiled into what the page loads
_BUNDLES = rb"(?:[.-](?:bundle|min|chunk|iife|umd)|\.[0-9a-f]{8,32})\.m?js(?:\.map)?"
_BROWSER = re.compile(
    rb"(?:" + _PAGES + rb"|" + _BUNDLES + rb""")\Z
    | (?:\A|/) (?:public|wwwroot|www|htdocs|static/(?:js|chunks)|build/static|\.?_?next/static|_nuxt|_astro
                |_app/immutable|storybook-static)/ (?:[^/]+/)* [^/]+""" + _SERVED + rb"""\Z
    | (?:\A|/) (?:dist|static)/ (?:[^/]+/)* [^/]+ \.(?:m?js|css|map|html?)(?:\.map)?\Z""",
    re.IGNORECASE | re.VERBOSE,
)  # fmt: skip
_INSTALLED = re.compile(rb"(?:\A|/)(?:node_modules|site-packages)/")

_TESTS = re.compile(
    rb"""(?:\A|/) (?:tests?|__tests__|specs?|e2e|testing|test[_-]?data|fixtures?|__fixtures__|mocks?|__mocks__)/
    | (?:\A|/) (?:test_[^/]*\.py|conftest\.py|[^/]*(?:_test|_spec|\.test|\.spec)\.\w+)\Z""",
    re.IGNORECASE | re.VERBOSE,
)
_DOCUMENTATION = re.compile(
    rb"""(?:\A|/) (?:docs?|documentation|examples?|samples?|demos?)/
    | \.(?:md|mdx|markdown|rst|adoc|example|sample|template|tmpl|dist)\Z
    | (?:\A|/) (?:readme|changelog)[^/]*\Z
    | (?:\A|/) [^/]*\.env\.(?:test|example|sample|template)[^/]*\Z
    | [._-](?:example|sample|template)\.\w+\Z""",
    re.IGNORECASE | re.VERBOSE,
)


def names(occurrence: Occurrence) -> tuple[bytes, ...]:
    """Return the paths of an occurrence, including its containers' members; none for places without a path."""
    if occurrence.place not in (Place.CONTENT, Place.PATH):
        return ()
    paths = dict.fromkeys((occurrence.path, *occurrence.paths) if occurrence.path else occurrence.paths)
    if not occurrence.containers:
        return tuple(paths)
    members = [label.partition(":")[2].encode("utf-8", "surrogateescape") for label in occurrence.containers]
    return tuple(b"/".join((path, *filter(None, members))) for path in paths)


def browser(paths: Iterable[bytes]) -> bool:
    """Return whether any of these paths is sent to browsers; tests and installed packages are not."""
    return any(map(_is_for_browsers, paths))


@lru_cache(4096)
def _is_for_browsers(path: bytes) -> bool:
    return bool(_BROWSER.search(path) and not _TESTS.search(path) and not _INSTALLED.search(path))


def fixture(paths: Iterable[bytes]) -> bool:
    """Return whether there are paths and all of them are of documentation, examples, tests or fixtures."""
    verdicts = [bool(_TESTS.search(path) or _DOCUMENTATION.search(path)) for path in paths]
    return bool(verdicts) and all(verdicts)
