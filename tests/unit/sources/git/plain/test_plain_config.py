"""Which configurations are read without git, and what is read in them."""

from __future__ import annotations

import pytest

from akpatrol.sources.git.plain.plain_config import parse

_CORE = b"[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"


def test_what_every_clone_has() -> None:
    config = parse(
        _CORE + b'[remote "origin"]\n\turl = https://example.org/a b.git \n\tfetch = +refs/*:refs/*\n\tmirror = true\n'
        b'[branch "main"]\n\tremote = origin\n\tmerge = refs/heads/main\n[user]\n\tname = Ada\n\n'
    )
    assert config
    assert (config.object_format, config.id_bytes) == (b"sha1", 20)
    assert config.remotes == (("remote.origin.url", "https://example.org/a b.git"),)


def test_the_other_hash() -> None:
    config = parse(b"[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n")
    assert config
    assert (config.object_format, config.id_bytes) == (b"sha256", 32)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[core]\n\tbare = true\n",
        b"[core]\n\trepositoryformatversion = 2\n",
        b"[core]\n\trepositoryformatversion = 0\n[extensions]\n\tobjectformat = sha256\n",
        b"[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefstorage = reftable\n",
        b"[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = md5\n",
        _CORE + b"[include]\n\tpath = other\n",
        _CORE + b'[includeIf "gitdir:/"]\n\tpath = other\n',
        _CORE + b"\tworktree = /elsewhere\n",
        _CORE + b"\tfsmonitor = program\n",
        _CORE + b"\tignorecase = banana\n",
        _CORE + b"; a comment\n",
        _CORE + b'[remote "a"]\n\turl = "quoted"\n',
        _CORE + b'[remote "a"]\n\turl\n',
        _CORE + b'[remote "a"]\n\tpromisor = true\n',
        _CORE + b'[remote "a"] url = x\n',
        _CORE + b"[remote]\n\turl = x\n",
        _CORE + b'[remote "a\\"b"]\n\turl = x\n',
        _CORE + b'[remote "a"]\n\turl = x\\\n\ty\n',
        _CORE + b'[url "x"]\n\tinsteadOf = y\n',
    ],
)
def test_what_is_for_git_to_read(text: bytes) -> None:
    assert parse(text) is None
