"""Nothing is collected meanwhile, and afterwards it is as it was before."""

from __future__ import annotations

import gc

import pytest

from akpatrol.runtime.collection import collect_seldom, uncollected


def _broken() -> None:
    with uncollected():
        assert not gc.isenabled()
        raise ValueError("broken")


def test_it_is_off_meanwhile_and_on_again_after_an_error() -> None:
    with pytest.raises(ValueError, match="broken"):
        _broken()
    assert gc.isenabled()


def test_who_has_turned_it_off_finds_it_off() -> None:
    with uncollected():
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_garbage_is_collected_seldom() -> None:
    before = gc.get_threshold()
    try:
        gc.disable()
        collect_seldom()
        assert gc.isenabled()
        assert gc.get_freeze_count()
        assert gc.get_threshold() > before
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
