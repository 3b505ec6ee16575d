"""A store in PostgreSQL: made by us, never replaced, many writers and readers, whole whatever befalls them."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.errors import UsageError
from akpatrol.sweep.store import schema
from akpatrol.sweep.store.store import SweepStore
from tests.postgres_server import LOCKED_USER, PASSWORD
from tests.unit.sweep.looks import CONDITIONS, DIGEST, KEYS, day, found, look, places, sweep, told

if TYPE_CHECKING:
    from tests.postgres_server import PostgresServer

_ROOT = Path(__file__).parents[4]


@pytest.fixture
def store(postgres_server: PostgresServer) -> str:
    return postgres_server.store()


def _refused(store: str, *, create: bool) -> UsageError:
    with pytest.raises(UsageError) as caught:
        SweepStore(store, create=create)
    return caught.value


def test_what_is_not_there(postgres_server: PostgresServer, store: str) -> None:
    refused = _refused(store, create=False)
    assert (str(refused).rpartition(": ")[2], refused.hint) == ("no such store", "create it: akpatrol sweep")
    assert postgres_server.run("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()", store) == [(0,)]
    for create in (False, True):
        assert "no schema to keep a store in" in str(_refused(postgres_server.address("nowhere"), create=create))
        wrong = postgres_server.address("s", dbname="nothing")
        assert 'database "nothing" does not exist' in str(_refused(wrong, create=create))
        assert "cannot be opened" in str(_refused("postgresql:///a?host=/nowhere", create=create))


@pytest.mark.parametrize("address", ["postgresql://h/db?nonsense={}", "postgresql://h:{}/db", "postgresql://[{}/db"])
def test_an_address_that_is_none_is_not_shown(address: str) -> None:
    refused = _refused(address.format("hunter2"), create=True)
    assert str(refused) == "postgresql://: not the address of a database"
    assert "hunter2" not in refused.hint


def test_a_password_comes_from_the_environment_and_is_shown_nowhere(
    postgres_server: PostgresServer, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = store.rpartition("%3D")[2]
    postgres_server.run(f"CREATE ROLE {LOCKED_USER} LOGIN PASSWORD '{PASSWORD}'")
    postgres_server.run(f"GRANT ALL ON SCHEMA {name} TO {LOCKED_USER}")
    locked = postgres_server.address(name, user=LOCKED_USER)
    refused = _refused(locked, create=True)
    assert "no password supplied" in str(refused)
    assert "PGPASSWORD" in refused.hint
    wrong = f"not {PASSWORD}"
    monkeypatch.setenv("PGPASSWORD", wrong)
    refused = _refused(locked, create=True)
    assert "password authentication failed" in str(refused)
    assert wrong not in str(refused) + refused.hint
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    sweep(locked, look("one", found(KEYS[0])))
    with SweepStore(locked, create=False) as opened:
        assert PASSWORD not in repr(opened._database._connection)  # type: ignore[attr-defined]
        assert PASSWORD not in opened._database.name
    # Rights to read are enough to read.
    postgres_server.run(f"REVOKE ALL ON SCHEMA {name} FROM {LOCKED_USER}")
    assert "no schema" in str(_refused(locked, create=False))
    postgres_server.run(f"GRANT USAGE ON SCHEMA {name} TO {LOCKED_USER}")
    postgres_server.run(f"REASSIGN OWNED BY {LOCKED_USER} TO akpatrol")
    assert "permission denied" in str(_refused(locked, create=False))
    postgres_server.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO {LOCKED_USER}")
    assert len(told(locked).credentials) == 1
    with SweepStore(locked, create=True) as opened, pytest.raises(UsageError, match="permission denied for table run"):
        opened.begin(day(1), DIGEST)


@pytest.mark.parametrize("create", [False, True])
def test_another_program_s_tables_are_left_alone(postgres_server: PostgresServer, store: str, create: bool) -> None:
    postgres_server.run("CREATE TABLE run (distance INTEGER)", store)
    assert "not an akpatrol store" in str(_refused(store, create=create))
    assert postgres_server.run("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()", store) == [(1,)]


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE failure ADD COLUMN more TEXT",
        "ALTER TABLE sighting ALTER COLUMN target TYPE TEXT",
        "ALTER TABLE occurrence ENABLE ROW LEVEL SECURITY",
        "CREATE RULE nothing AS ON INSERT TO sighting DO INSTEAD NOTHING",
        "DROP TABLE failure",
        "DROP TABLE failure; CREATE VIEW failure AS SELECT ''::text AS name, 1::bigint AS run, ''::text AS reason",
        """
        CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER nothing BEFORE INSERT ON sighting FOR EACH ROW EXECUTE FUNCTION nothing()
        """,
    ],
)
def test_tables_that_could_hide_something_are_refused(postgres_server: PostgresServer, store: str, change: str) -> None:
    sweep(store, look("one"))
    postgres_server.run(change, store)
    for create in (False, True):
        assert "its tables are not those of akpatrol" in str(_refused(store, create=create))


def test_what_an_administrator_adds_beside_is_no_matter(postgres_server: PostgresServer, store: str) -> None:
    sweep(store, look("one", found(KEYS[0])))
    postgres_server.run("CREATE TABLE notes (text TEXT); CREATE INDEX more ON occurrence (until_run, since_run)", store)
    assert len(told(store).credentials) == 1


def test_a_newer_store_says_what_it_needs(postgres_server: PostgresServer, store: str) -> None:
    sweep(store, look("one"))
    postgres_server.run("UPDATE run SET version = '9.1'; UPDATE akpatrol_store SET version = 99", store)
    for create in (False, True):
        refused = _refused(store, create=create)
        assert "its format is 99, this version supports 2" in str(refused)
        assert refused.hint == "update akpatrol to 9.1"


def test_an_older_store_is_brought_up_to_date_whole_or_not_at_all(
    postgres_server: PostgresServer, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
        with SweepStore(store, create=True) as opened:
            run = opened.begin(day(1), DIGEST)
            opened.skip(run, "/org/two", "it is locked")
            opened.put(run, look("one", found(KEYS[0])), None, CONDITIONS)
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, "DELETE FROM sighting; SELECT 1 / 0"))
        assert "division by zero" in str(_refused(store, create=True))
    assert len(told(store).credentials) == 1
    assert postgres_server.run("SELECT version FROM akpatrol_store", store) == [(2,)]
    with SweepStore(store, create=False) as opened:
        assert [gap.target for gap in opened.gaps()] == ["/org/two", "run 1"]


def test_many_begin_at_once(store: str) -> None:
    """The tables are made once, and each run has a number of its own."""

    def one(number: int) -> int:
        with SweepStore(store, create=True) as opened:
            run = opened.begin(day(1), DIGEST)
            for target in (f"own {number}", "shared"):
                opened.put(run, look(target, found(KEYS[0], 3)), "signature", CONDITIONS)
            opened.finish(run, day(2))
            return run

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(one, range(8))) == [*range(1, 9)]
    report = told(store)
    assert len(report.targets) == 9
    (credential,) = report.credentials
    assert len(credential.occurrences) == 27
    assert report.coverage.complete


def test_readers_wait_for_nobody_and_see_one_moment(store: str) -> None:
    sweep(store, look("one", found(KEYS[0])))
    with SweepStore(store, create=True) as writer, SweepStore(store, create=False) as reader:
        run = writer.begin(day(2), DIGEST)
        with writer._database.writing() as queries:
            queries.execute("DELETE FROM occurrence")
            queries.execute("DELETE FROM sighting")
            assert len(reader.report(1).credentials) == 1
        assert not reader.report(run).credentials
        with reader._reading() as queries:
            assert queries.execute("SELECT count(*) FROM run").fetchone() == (2,)
            writer.begin(day(3), DIGEST)
            assert queries.execute("SELECT count(*) FROM run").fetchone() == (2,)
        refused = pytest.raises(UsageError, match="cannot be read: cannot execute DELETE in a read-only transaction")
        with refused, reader._reading() as queries:
            queries.execute("DELETE FROM run")
        assert len(reader.runs()) == 3


def test_a_writer_that_waits_in_vain_says_so(store: str) -> None:
    with SweepStore(store, create=True) as first, SweepStore(store, create=True) as second:
        connection: Any = second._database
        connection._connection.execute("SET lock_timeout = '20ms'")
        with first._database.writing(), pytest.raises(UsageError, match="another sweep is writing to it"):
            second.begin(day(1), DIGEST)
        assert second.begin(day(1), DIGEST) == 1


def test_a_lost_connection_costs_nothing_that_was_stored(postgres_server: PostgresServer, store: str) -> None:
    with SweepStore(store, create=True) as opened:
        run = opened.begin(day(1), DIGEST)
        opened.put(run, look("one", found(KEYS[0])), "signature", CONDITIONS)
        postgres_server.disconnect()
        with pytest.raises(UsageError, match="the connection was lost") as caught:
            opened.put(run, look("two", found(KEYS[1])), "signature", CONDITIONS)
        assert caught.value.hint == "what was stored is there; the same command goes on from it"
        for ask in (opened.runs, lambda: opened.begin(day(2), DIGEST)):
            with pytest.raises(UsageError, match="closed"):
                ask()
    assert len(places(told(store))) == 1


def test_a_transaction_is_lost_whole(postgres_server: PostgresServer, store: str) -> None:
    with SweepStore(store, create=True) as opened:
        run = opened.begin(day(1), DIGEST)
        lost = pytest.raises(UsageError, match="the connection was lost")
        with lost, opened._database.writing() as queries:
            queries.execute("UPDATE run SET finished_at = ?", (day(2),))
            postgres_server.disconnect()
            queries.execute("UPDATE run SET version = ?", ("2",))
    with SweepStore(store, create=False) as opened:
        assert [(one.id, one.finished_at) for one in opened.runs()] == [(run, None)]


def test_closed_is_closed(store: str) -> None:
    with SweepStore(store, create=True) as opened:
        pass
    opened.close()
    with pytest.raises(UsageError, match="closed"):
        opened.runs()


def test_a_row_that_somebody_else_wrote_is_named(postgres_server: PostgresServer, store: str) -> None:
    sweep(store, look("one", found(KEYS[0])))
    postgres_server.run("UPDATE credential SET redacted = 'x'", store)
    with pytest.raises(UsageError, match="damaged: redacted: "):
        told(store)
    postgres_server.run("UPDATE occurrence SET body = '['", store)
    with pytest.raises(UsageError, match="damaged"):
        told(store)


def test_names_may_be_long(store: str) -> None:
    name = "/" + "".join(chr(0x4E00 + number % 5000) for number in range(4000))
    with SweepStore(store, create=True) as opened:
        run = opened.begin(day(1), DIGEST)
        opened.skip(run, name, "it is locked")
        opened.skip(run, name, "it is still locked")
        assert [gap.reason for gap in opened.gaps() if gap.target == name] == ["it is still locked"]


_WRITER = """
import sys
from itertools import count
from tests.unit.sweep.looks import CONDITIONS, DIGEST, KEYS, day, found, look
from akpatrol.sweep.store.store import SweepStore as Store

first = int(sys.argv[2])
one = look("one", *(found(key, 20) for key in KEYS))
with Store(sys.argv[1], create=True) as store:
    run = store.begin(day(1), DIGEST)
    for number in count(first):
        one["scan"]["targets"][0]["path"] = f"/org/{number}"
        store.put(run, one, "signature", CONDITIONS)
        print(number, flush=True)
"""


@pytest.mark.slow
def test_a_killed_writer_leaves_every_target_whole_or_absent(store: str, rng: Any) -> None:
    first = 0
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", _WRITER, store, str(first)],
            cwd=_ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout
            assert process.stderr
            kept = [int(process.stdout.readline()) for _ in range(rng.randrange(1, 20))]
            process.kill()
            kept += [int(line) for line in process.stdout if line.endswith(b"\n")]
            assert not process.stderr.read()
        with SweepStore(store, create=True) as opened:
            opened.begin(day(2), DIGEST)  # after the server has noticed, and given up what was not whole
            report = opened.report()
        roots = {int(one.root.rpartition("/")[2]) for one in report.targets}
        assert roots in ({*range(kept[-1] + 1)}, {*range(kept[-1] + 2)})
        assert sum(len(one.occurrences) for one in report.credentials) == len(roots) * len(KEYS) * 20
        first = max(roots) + 1
