"""The paths of archives' members as rules see them."""

from __future__ import annotations

from akpatrol.model.member_path import member_names, path_of, shown, spellings
from akpatrol.model.scan import Origin


def test_names() -> None:
    labels = ("gzip", "tar:./a/b.zip", "zip:c:d\udce9", "sqlite:users.password", "zip:")
    assert member_names(labels) == (b"a/b.zip", b"c:d\xed\xb3\xa9")


def test_paths() -> None:
    assert path_of(Origin("0", path=b"a")) == b"a"
    assert path_of(Origin("0", containers=("zip:b",))) is None
    path = path_of(Origin("0", path=b"a.tgz", containers=("gzip", "tar:b.zip", "zip:c/d")))
    assert path is not None
    assert spellings(path) == (b"a.tgz", b"b.zip", b"c/d", b"a.tgz!b.zip!c/d")
    assert shown(path) == b"a.tgz!b.zip!c/d"
    assert spellings(b"a") == (b"a",)
