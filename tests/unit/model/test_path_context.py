"""The context that paths show: sent to browsers, documentation, tests."""

from __future__ import annotations

import pytest

from akpatrol.model import path_context
from akpatrol.model.scan import Place
from tests.reports import occurrence

_BROWSER = [
    b"index.html", b"pages/about.htm", b"src/App.vue", b"src/App.svelte", b"app.bundle.js", b"lib/x.min.js",
    b"vendor-min.js", b"x.chunk.js", b"app.min.js.map", b"js/main.8f3e2a1b.js", b"public/config.json", b"public/env.js",
    b"web/PUBLIC/a/b.js", b"src/Site/wwwroot/js/site.js", b"www/index.js", b"static/js/main.js",
    b"build/static/js/a.js",
    b"out/_next/static/chunks/1.js", b".next/static/x.js", b".output/public/_nuxt/entry.js", b"_app/immutable/x.js",
    b"dist/index.js", b"packages/web/dist/assets/index-Bx12.js", b"dist/style.css.map", b"site.zip/dist/app.js",
    b"image.tar/usr/share/nginx/html/index.html", b"_astro/hoisted.js", b"storybook-static/main.js", b"htdocs/a.txt",
]  # fmt: skip
_NO_BROWSER = [
    b"", b"server.py", b"src/index.js", b"src/main.ts", b"public/index.php", b"Source/Engine/Public/Actor.h",
    b"republic/x.js", b"dist/pkg-1.0-py3-none-any.whl", b"dist/pkg.whl/pkg/client.py", b"dist/server.cjs", b".env",
    b"node_modules/x/dist/index.js", b"lib/site-packages/x/static/x.js", b"tests/page.html", b"src/__tests__/a.html",
    b"html", b"x.html.py", b"static/main.py", b".next/server/app.js", b"main.1234567.js", b"admin.js", b"public",
]  # fmt: skip
_FIXTURE = [
    b"README", b"README.md", b"docs/conf.py", b"a/doc/x", b"guide.rst", b"x.mdx", b"x.adoc", b"tests/a.py", b"Test/a",
    b"src/test/java/A.java", b"testdata/x", b"test-data/x", b"a/fixtures/b", b"src/__tests__/a.js", b"__mocks__/x",
    b"examples/a.py", b"sample/a", b"demos/a", b".env.sample", b".env.example", b"app/.env.example.local", b"x.example",
    b"config.sample.yaml", b"settings.example.py", b".env.test", b"test_x.py", b"x_test.go", b"a.spec.ts", b"a.test.js",
    b"conftest.py", b"CHANGELOG", b"e2e/login.js", b"src.zip/docs/x", b"docs/x.zip/a", b".env.dist", b"spec/a_spec.rb",
]  # fmt: skip
_NO_FIXTURE = [
    b"", b"src/a.py", b".env", b"contest/a.py", b"latest/x", b"attest.py", b"docsearch.py", b"protest",
    b"docs", b"tests",
    b"inspect.py", b"specs.py", b"example.py", b"config.yaml", b"testimony.txt", b".env.production", b"readmore/x.py",
]  # fmt: skip


@pytest.mark.parametrize("path", _BROWSER)
def test_browser(path: bytes) -> None:
    assert path_context.browser([path])
    assert path_context.browser([b"other", path])


@pytest.mark.parametrize("path", _NO_BROWSER)
def test_not_browser(path: bytes) -> None:
    assert not path_context.browser([path])


@pytest.mark.parametrize("path", _FIXTURE)
def test_fixture(path: bytes) -> None:
    assert path_context.fixture([path])
    assert not path_context.fixture([path, b"src/a.py"])


@pytest.mark.parametrize("path", _NO_FIXTURE)
def test_not_fixture(path: bytes) -> None:
    assert not path_context.fixture([path])


def test_no_path_says_nothing() -> None:
    assert not path_context.browser([])
    assert not path_context.fixture([])


def test_names() -> None:
    """A path, all it ever had, and behind each the members of its containers; texts and names of refs have none."""
    place = occurrence("x", path=b"a", paths=(b"a", b"b"), containers=())
    assert path_context.names(place) == (b"a", b"b")
    inside = place._replace(containers=("gzip", "tar:x/y", "zip:z:1"))
    assert path_context.names(inside) == (b"a/x/y/z:1", b"b/x/y/z:1")
    assert path_context.names(place._replace(path=None, paths=())) == ()
    assert path_context.names(place._replace(place=Place.COMMIT_MESSAGE)) == ()
    assert path_context.names(place._replace(place=Place.GIT_DIR)) == ()
