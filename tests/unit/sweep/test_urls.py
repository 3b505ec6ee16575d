"""Which addresses are cloned from, and how they are shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.errors import UsageError
from akpatrol.sweep.urls import CloneAddress, checked, displayed, is_address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://Forge.Example/org/repo.git", CloneAddress("https", "", "forge.example", None, "org/repo.git")),
        ("https://forge.example:8443/a/", CloneAddress("https", "", "forge.example", 8443, "a")),
        ("ssh://git@forge.example:22/org/repo", CloneAddress("ssh", "git", "forge.example", 22, "org/repo")),
        ("ssh://forge.example/~/repo", CloneAddress("ssh", "", "forge.example", None, "~/repo")),
        ("git@forge.example:org/repo.git", CloneAddress("ssh", "git", "forge.example", None, "org/repo.git")),
        ("git@[::1]:repo", CloneAddress("ssh", "git", "::1", None, "repo")),
        ("git://forge.example/repo", CloneAddress("git", "", "forge.example", None, "repo")),
        ("http://127.0.0.1:80/repo", CloneAddress("http", "", "127.0.0.1", 80, "repo")),
        ("http://[::1]/repo", CloneAddress("http", "", "::1", None, "repo")),
    ],
)
def test_addresses_that_are_cloned_from(url: str, address: CloneAddress) -> None:
    assert is_address(url)
    assert checked(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "file:///srv/repo",
        "ext::sh -c true",
        "ext::https://forge.example/repo",
        "ext://sh",
        "fd::3",
        "::x",
        "https::https://forge.example/repo",
        "ftp://forge.example/repo",
        "HTTPS-x://forge.example/repo",
        "http://forge.example/repo",
        "http://127.0.0.1.forge.example/repo",
        "https://forge.example",
        "https://forge.example/",
        "https:///repo",
        "https://-oProxyCommand=x/repo",
        "ssh://-oProxyCommand=x/repo",
        "ssh://-x@forge.example/repo",
        "git@-oProxyCommand=x:repo",
        "-oProxyCommand=x@forge.example:repo",
        "git@forge.example:-repo",
        "git@forge.example:",
        "https://forge.example/re\npo",
        "https://forge.example/re\\po",
        "https://[/repo",
        "https://forge.example:port/repo",
        "https://forge.example/repo?key=value",
        "https://forge.example/repo#part",
    ],
)
def test_addresses_that_are_refused(url: str) -> None:
    with pytest.raises(UsageError):
        checked(url)


@pytest.mark.parametrize(
    "form",
    [
        "https://{}@forge.example/repo",
        "https://user:{}@forge.example/repo",
        "https://{}:x-oauth-basic@forge.example/repo",
        "http://user:{}@forge.example/repo",
        "git://{}@forge.example/repo",
        "ssh://git:{}@forge.example/repo",
        "git:{}@forge.example:repo",
        "https://forge.example/repo?private_token={}",
        "https://forge.example/repo#{}",
        "ftp://user:{}@forge.example/repo",
        "ext::https://user:{}@forge.example/repo",
        "https://user:{}@forge.example:port/repo",
    ],
)
def test_a_password_in_an_address_is_refused_and_not_shown(form: str, token: str) -> None:
    url = form.format(token)
    with pytest.raises(UsageError) as refused:
        checked(url)
    assert token not in f"{refused.value} {refused.value.hint}"
    assert token not in displayed(url)


@pytest.mark.parametrize("word", ["repo", "./a::b", "C:repo", "host:repo", "a/b@c:d", "x.tar.gz", ".", "name@2024.log"])
def test_words_that_are_paths(word: str) -> None:
    assert not is_address(word)


def test_what_is_no_secret_is_shown() -> None:
    for url in ("https://forge.example/repo", "git@forge.example:repo", "ssh://git@forge.example/repo"):
        assert displayed(url) == url


@given(st.text(max_size=60))
def test_whatever_is_written_is_an_address_or_refused(word: str) -> None:
    for text in (word, f"https://{word}", f"git@{word}", f"ssh://{word}/x"):
        displayed(text)
        try:
            address = checked(text)
        except UsageError:
            continue
        assert address.scheme in {"https", "http", "ssh", "git"}
        assert address.host
        assert not address.path.startswith("-")
