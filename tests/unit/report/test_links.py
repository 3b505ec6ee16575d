from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.errors import UsageError
from akpatrol.report.links import LONGEST, Linker, Links, check, filled, home, repository
from akpatrol.report.text_safety import path_text

if TYPE_CHECKING:
    from akpatrol.report.view import OccurrenceView, TargetView

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HUB = f"https://github.com/acme/shop/blob/{COMMIT}/"


def occurrence(**changes: Any) -> OccurrenceView:
    made = {
        "target": "t1",
        "place": "content",
        "path": "src/app.py",
        "line": 12,
        "containers": [],
        "object": "f" * 40,
        "introduced": {"id": COMMIT, "author": "", "date": "", "summary": ""},
    }
    return cast("OccurrenceView", {**made, **changes})


def target(name: str, remote: str | None) -> TargetView:
    return {"id": name, "kind": "repository", "path": "", "remote": remote, "head": None}


def links(remote: str | None, template: str | None = None, **changes: Any) -> Links:
    return Linker([target("t1", remote)], template).links(occurrence(**changes))


@pytest.mark.parametrize(
    ("remote", "page"),
    [
        ("https://github.com/acme/shop.git", "https://github.com/acme/shop"),
        ("https://github.com/acme/shop/", "https://github.com/acme/shop"),
        ("https://jane:***@github.com/acme/shop", "https://github.com/acme/shop"),
        ("http://github.example.org:8080/acme/shop", "http://github.example.org:8080/acme/shop"),
        ("git@github.com:acme/shop.git", "https://github.com/acme/shop"),
        ("github.com:acme/shop", "https://github.com/acme/shop"),
        ("ssh://git@github.com/acme/shop.git", "https://github.com/acme/shop"),
        ("ssh://git@ssh.github.com:443/acme/shop.git", "https://github.com/acme/shop"),
        ("ssh://git@gitlab.example.org:2222/acme/platform/shop.git", "https://gitlab.example.org/acme/platform/shop"),
        ("git@altssh.gitlab.com:acme/shop.git", "https://gitlab.com/acme/shop"),
        ("git://github.com/acme/shop.git", "https://github.com/acme/shop"),
        ("git@gitlab.com:/acme/shop.git", "https://gitlab.com/acme/shop"),
        ("https://code.gitlab.example.org/a/b", "https://code.gitlab.example.org/a/b"),
        ("https://github.com/acme/a b<", "https://github.com/acme/a%20b%3C"),
    ],
)
def test_remotes_of_github_and_gitlab_are_recognised(remote: str, page: str) -> None:
    found = home(remote)
    assert found
    assert found.page == page


@pytest.mark.parametrize(
    "remote",
    [
        "",
        "/srv/git/github.com/acme/shop",
        "../shop",
        "file:///github.com/acme/shop",
        "https://git.example.org/acme/shop",
        "https://github.com@example.org/acme/shop",
        "https://example.org/github.com/acme/shop",
        "https://notgithub.com/acme/shop",
        "https://github.com/acme",
        "https://github.com/acme/shop/more",
        "https://github.com/acme/../shop",
        "https://github.com:port/acme/shop",
        "https://github.com[/acme/shop",
        "javascript://github.com/acme/shop",
        "javascript:alert(1)//github.com/acme/shop",
        "ext::sh -c github.com/acme/shop",
        "git@github.com\n:acme/shop",
        "github.:acme/shop",
        "C:\\src\\shop",
    ],
)
def test_other_remotes_have_no_page(remote: str) -> None:
    assert home(remote) is None


def test_lines_and_commits_of_both() -> None:
    assert links("git@github.com:acme/shop.git") == Links(
        f"{HUB}src/app.py#L12", f"https://github.com/acme/shop/commit/{COMMIT}"
    )
    assert links("git@gitlab.com:acme/shop.git") == Links(
        f"https://gitlab.com/acme/shop/-/blob/{COMMIT}/src/app.py#L12",
        f"https://gitlab.com/acme/shop/-/commit/{COMMIT}",
    )


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"path": "README.md"}, HUB + "README.md?plain=1#L12"),
        ({"path": "a b/#1?.py"}, HUB + "a%20b/%231%3F.py#L12"),
        ({"path": "../x/./y"}, HUB + "%2E%2E/x/%2E/y#L12"),
        ({"path": "dist.zip", "containers": ["key.txt"]}, HUB + "dist.zip"),
        ({"place": "path"}, HUB + "src/app.py"),
        ({"line": None}, HUB + "src/app.py"),
        ({"path": None}, None),
        ({"path": "x/ak_Abcd***(48)/y"}, None),
        ({"place": "git_dir", "path": "config"}, None),
        ({"place": "tag_message", "path": None}, None),
        ({"place": "commit_message", "path": None}, f"https://github.com/acme/shop/commit/{COMMIT}"),
        ({"path": "a" * LONGEST}, None),
    ],
)
def test_what_a_link_leads_to(changes: dict[str, Any], line: str | None) -> None:
    assert links("git@github.com:acme/shop.git", **changes).line == line


@pytest.mark.parametrize("introduced", [None, {"id": "main"}, {"id": ""}, {"id": "../../../evil"}])
def test_without_a_commit_there_is_no_link(introduced: dict[str, str] | None) -> None:
    assert links("git@github.com:acme/shop.git", introduced=introduced) == Links()


@pytest.mark.parametrize("template", [None, "https://git.example.org/{repository}/{path}"])
def test_what_is_a_page_is_its_own_link(template: str | None) -> None:
    page = {**target("t1", None), "kind": "github_comments", "path": "https://github.com/acme/shop/issues"}
    linker = Linker([cast("TargetView", page)], template)
    place = occurrence(path="acme/shop/issues/7#issuecomment-1", introduced=None)
    assert linker.links(place) == Links("https://github.com/acme/shop/issues/7#issuecomment-1")
    hostile = linker.links(occurrence(path='acme/../"><script>'))
    assert hostile == Links("https://github.com/acme/%2E%2E/%22%3E%3Cscript%3E")
    bad = Linker([cast("TargetView", {**page, "path": "https://git hub/x"})])
    assert bad.links(place) == Links()


def test_an_unknown_target_has_no_link() -> None:
    assert links("git@github.com:acme/shop.git", target="t2") == Links()
    assert links(None) == Links()


@given(st.binary(min_size=1, max_size=40).filter(lambda path: b"\0" not in path))
def test_a_path_keeps_its_bytes(path: bytes) -> None:
    address = links("git@github.com:acme/shop.git", path=path_text(path)).line
    assert address
    assert unquote_to_bytes(urlsplit(address).path) == f"/acme/shop/blob/{COMMIT}/".encode() + path
    assert address.isascii()
    assert address.isprintable()


@given(st.text(max_size=60) | st.text(max_size=30).map(lambda text: f"https://github.com/{text}/x"))
def test_only_web_addresses_of_the_known_forges_come_of_remotes(remote: str) -> None:
    for address in links(remote):
        if address:
            parts = urlsplit(address)
            assert parts.scheme in {"http", "https"}
            assert "git" in (parts.hostname or "")
            assert "@" not in parts.netloc
            assert address.isascii()


TEMPLATE = "https://git.example.org/shop/src/{commit}/{path}?object={object}#line-{line}"


def test_a_template_wins_over_the_remote() -> None:
    found = links("git@github.com:acme/shop.git", TEMPLATE)
    assert found.line == f"https://git.example.org/shop/src/{COMMIT}/src/app.py?object={'f' * 40}#line-12"
    assert found.commit == f"https://github.com/acme/shop/commit/{COMMIT}"
    assert links(None, TEMPLATE).commit is None


def test_a_template_that_cannot_be_filled_makes_no_link() -> None:
    assert links(None, TEMPLATE, introduced=None).line is None
    assert (
        links(None, TEMPLATE, line=None).line
        == f"https://git.example.org/shop/src/{COMMIT}/src/app.py?object={'f' * 40}"
    )
    assert filled("https://git.example.org/", {}) is None


MANY = "https://git.example.org/{repository}/src/{commit}/{path}#line-{line}"


@pytest.mark.parametrize(
    ("remote", "path"),
    [
        ("https://git.example.org/team/service.git", "team/service"),
        ("https://jane:***@git.example.org:8443/team/service/", "team/service"),
        ("git@git.example.org:team/service.git", "team/service"),
        ("git@git.example.org:/team//service", "team/service"),
        ("ssh://git@git.example.org:2222/service.git", "service"),
        ("git://git.example.org/a/b/c/d.git", "a/b/c/d"),
        ("https://dev.example.org/team/My%20Project/_git/service", "team/My%20Project/_git/service"),
        ("git@git.example.org:a b/#1?&é", "a%20b/%231%3F%26%C3%A9"),
        ("git@git.example.org:../x/./y", "%2E%2E/x/%2E/y"),
        ("https://git.example.org/%2e%2e/x", "%2E%2E/x"),
        ("git@github.com:acme/shop.git", "acme/shop"),
    ],
)
def test_one_template_serves_many_repositories(remote: str, path: str) -> None:
    assert links(remote, MANY).line == f"https://git.example.org/{path}/src/{COMMIT}/src/app.py#line-12"


@pytest.mark.parametrize(
    "remote",
    [
        None,
        "",
        "/srv/git/team/service.git",
        "../service",
        "file:///srv/git/team/service.git",
        "https://git.example.org/",
        "https://git.example.org:port/team/service",
        "https://git.example.org/ak_Abcd***(48)/service",
        "https:///team/service",
        "ext::sh -c team/service",
        "C:\\src\\service",
        "C:/src/service",
    ],
)
def test_a_place_of_no_remote_has_no_link_by_repository(remote: str | None) -> None:
    assert links(remote, MANY).line is None
    assert links(remote, "https://git.example.org/#/{repository}/{commit}").line is None
    assert links(remote, TEMPLATE).line


def test_each_place_is_linked_in_its_own_repository() -> None:
    remotes = {"t1": "git@git.example.org:team/service.git", "t2": "git@git.example.org:team/web.git", "t3": None}
    linker = Linker([target(name, remote) for name, remote in remotes.items()], MANY)
    found = [linker.links(occurrence(target=name)).line for name in (*remotes, "t4")]
    rest = f"/src/{COMMIT}/src/app.py#line-12"
    assert found == [
        f"https://git.example.org/team/service{rest}",
        f"https://git.example.org/team/web{rest}",
        None,
        None,
    ]


@given(st.text(max_size=60) | st.text(max_size=40).map(lambda text: f"git@git.example.org:{text}"))
def test_no_remote_leaves_its_place_in_a_template(remote: str) -> None:
    address = links(remote, "https://git.example.org/x/{repository}/y?z=1#{line}").line
    assert bool(address) is bool(repository(remote))
    if address:
        parts = urlsplit(address)
        assert (parts.scheme, parts.netloc) == ("https", "git.example.org")
        assert (parts.query, parts.fragment) == ("z=1", "12")
        assert address.isascii()
        assert address.isprintable()
        assert not {"", ".", ".."} & set(parts.path.split("/")[1:])


def test_a_fragment_goes_only_with_its_line() -> None:
    template = "https://git.example.org/{commit}#{path}"
    assert links(None, template).line == f"https://git.example.org/{COMMIT}#src/app.py"
    assert links(None, template, path=None).line is None
    assert links(None, "https://git.example.org/{commit}#{line}", line=None).line == f"https://git.example.org/{COMMIT}"


@given(st.dictionaries(st.sampled_from(["commit", "path", "line", "object"]), st.text(min_size=1), min_size=4))
def test_no_value_leaves_its_place_in_a_template(values: dict[str, str]) -> None:
    address = filled(TEMPLATE, values)
    assert address
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc) == ("https", "git.example.org")
    assert parts.path.startswith("/shop/src/")
    assert "/../" not in parts.path + "/"
    assert parts.query.startswith("object=")
    assert "&" not in parts.query
    assert parts.fragment.startswith("line-")


@pytest.mark.parametrize(
    ("template", "hint"),
    [
        ("https://git.example.org/{comit}/{path}", "did you mean {commit}?"),
        ("https://git.example.org/{file}", "use {repository}, {commit}, {path}, {line}, {object}"),
        ("https://git.example.org/{}", "use {repository}, {commit}, {path}, {line}, {object}"),
        ("https://git.example.org/{commit", "write %7B for { and %7D for }"),
        ("https://git.example.org/{path} {line}", "write other characters as %XX"),
        ("https://git.example.org/\u202e{path}", "write other characters as %XX"),
        ("javascript:alert({line})", "for example https://git.example.org/{repository}/blob/{commit}/{path}#L{line}"),
        ("file:///src/{path}", "for example https://git.example.org/{repository}/blob/{commit}/{path}#L{line}"),
        ("//git.example.org/{path}", "for example https://git.example.org/{repository}/blob/{commit}/{path}#L{line}"),
        ("https://{path}/x", "for example https://git.example.org/{repository}/blob/{commit}/{path}#L{line}"),
        (
            "https://jane@git.example.org/{path}",
            "for example https://git.example.org/{repository}/blob/{commit}/{path}#L{line}",
        ),
        ("", "for example https://git.example.org/{repository}/blob/{commit}/{path}#L{line}"),
    ],
)
def test_a_wrong_template_is_a_usage_error_with_a_hint(template: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        check(template)
    assert "--link-template" in str(caught.value)
    assert caught.value.hint == hint
