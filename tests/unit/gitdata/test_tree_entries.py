"""The entries of a tree, in full and as modes and ids alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.gitdata.tree_entries import parsed, targets

_MODES = st.sampled_from([b"40000", b"100644", b"120000", b"160000"])
_NAMES = st.binary(min_size=1, max_size=6).filter(lambda name: b"\0" not in name)


def _entries(width: int) -> st.SearchStrategy[list[tuple[bytes, bytes, bytes]]]:
    return st.lists(st.tuples(_MODES, _NAMES, st.binary(min_size=width, max_size=width)), max_size=6)


@pytest.mark.parametrize("width", [20, 32])
@given(st.data())
def test_targets_are_those_of_the_entries(width: int, data: st.DataObject) -> None:
    """Whole or broken, and also where a name occurs twice."""
    tree = b"".join(b"%s %s\0%s" % entry for entry in data.draw(_entries(width)))
    tree = tree[data.draw(st.integers(0, 3)) :][: data.draw(st.integers(0, len(tree) + 1))]
    tree += data.draw(st.binary(max_size=2))
    entries = parsed(tree, "0" * 2 * width)
    assert targets(tree, "0" * 2 * width) == (None if entries is None else {*entries.values()})
