"""How many credentials were open in each run: of all, and of each owner."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from akpatrol.model.history import OpenSpan, PastRun, SweepHistory
from akpatrol.report.index_trend import HEIGHT, RUNS, RunFigures, trend

_RUNS = 6


def history(*spans: tuple[str, str, int, int | None], runs: int = _RUNS) -> SweepHistory:
    past = tuple(PastRun(run, f"2026-02-{run % 28 + 1:02}T02:00:00Z") for run in range(1, runs + 1))
    found = tuple(OpenSpan(target, name, since, until) for name, target, since, until in sorted(spans, key=str))
    return SweepHistory(past, {}, frozenset(), found)


def test_there_is_no_trend_before_the_second_run() -> None:
    assert trend(None, {}) is None
    assert trend(history(runs=1), {}) is None


def test_a_credential_counts_once_for_all_and_once_for_each_owner() -> None:
    spans = [("k", "1", 1, 4), ("k", "2", 2, None), ("k", "3", 2, 3), ("other", "3", 3, None), ("gone", "9", 1, 2)]
    found = trend(history(*spans), {"1": "a", "2": "a", "3": "b"})
    assert found
    assert [run.open for run in found.all] == [2, 1, 2, 2, 2, 2]
    assert [run.new for run in found.all] == [2, 0, 1, 0, 0, 0]
    assert [run.closed for run in found.all] == [0, 1, 0, 0, 0, 0]
    assert [run.open for run in found.owners["a"]] == [1] * _RUNS
    assert found.owners["b"][:4] == (
        RunFigures(0, 0, 0),
        RunFigures(1, 1, 0),
        RunFigures(1, 1, 1),
        RunFigures(1, 0, 0),
    )


_spans = st.tuples(
    st.sampled_from("xyz"), st.sampled_from("123"), st.integers(1, _RUNS), st.none() | st.integers(1, _RUNS)
).map(lambda span: (*span[:3], None if span[3] is None else max(span[3], span[2] + 1)))


@given(st.lists(_spans, max_size=8, unique_by=lambda span: (span[0], span[1])))
def test_the_figures_are_those_of_counting_each_run(spans: list[tuple[str, str, int, int | None]]) -> None:
    owners = {"1": "a", "2": "a", "3": "b"}
    found = trend(history(*spans), owners)
    assert found
    for owner, figures in [(None, found.all), *found.owners.items()]:
        known: set[str] = set()
        for run, told in enumerate(figures, 1):
            now = {
                name
                for name, target, since, until in spans
                if since <= run and (until is None or until > run) and owner in (None, owners[target])
            }
            assert told == RunFigures(len(now), len(now - known), len(known - now))
            known = now


def test_the_drawings_say_in_words_what_they_show() -> None:
    found = trend(history(("a", "1", 1, None), ("b", "1", 2, 3), ("c", "1", 6, None)), {"1": "x"})
    assert found
    opened, new, closed = found.charts
    assert (opened.text, new.text) == ("2 now, 2 at most", "1 in the last run, 2 in all")
    assert closed.text == "0 in the last run, 1 in all"
    assert opened.path.startswith(f"M0 {HEIGHT}V{HEIGHT / 2:g}h10V0h10")
    assert new.path.count("M") == 2
    assert found.table[0] == (6, "2026-02-07", RunFigures(2, 1, 0))


def test_only_the_last_runs_are_drawn() -> None:
    found = trend(history(("a", "1", 1, None), runs=RUNS + 5), {"1": "x"})
    assert found
    assert len(found.all) == len(found.runs) == RUNS
    assert found.runs[0][0] == 6
    assert found.all[0] == RunFigures(1, 0, 0)
