"""The recorder of live events: what is recorded is in ClickHouse once, and then in the cache."""

import datetime
import functools
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from entity_metrics import PROJECT
from entity_metrics.errors import EntityMetricsError
from entity_metrics.serving import spool
from entity_metrics.serving.facts import event_line
from entity_metrics.serving.keys import entity_key
from harness import EVENTS, Project
from serving import Valkey, metrics, recorder, summed

JOB = "source_events"
ORDER = "partition by toYYYYMM(createdAt) order by (entityType, entityId, createdAt)"
RECORDED = f"select entityType, entityId, userId, metricType, metricValue, version from {EVENTS} order by all"


@pytest.fixture
def built(served_site: Project) -> Project:
    """Without any event, and with nobody left out."""
    served_site.rows(f"create or replace table {EVENTS} as {EVENTS} engine = MergeTree {ORDER}")
    served_site.rows("truncate table entity_metrics.excluded_users")
    return served_site


def test_the_facts_of_the_plan(built: Project, tmp_path: Path) -> None:
    """Each method, a row that comes, changes and goes: what is left is what the source has then; the rest is -1 and +1."""
    with recorder(built, tmp_path / "spool", None) as to:
        to.record("Bounty", 1, 7, "commentCount")
        to.record_rating(1, 11, 7, None, True)
        to.record_rating(1, 11, 7, True, False)
        to.record_rating(2, 12, 7, None, True)
        to.record_rating(2, 12, 7, True, None)
        to.record_tip("Image", 5, 7, 100)
        to.record_reaction(5, 7, None, "Like", post_id=6, owner_id=8)
        to.record_reaction(5, 7, "Like", "Heart", post_id=6, owner_id=8)
        to.record_reaction(9, 7, None, "Cry")
        to.record_reaction(9, 7, "Cry", None)
        to.record_comment("Post", 6, 7)
        to.record_collection_item(3, "Image", 5, 7)
        to.record_collection_item(3, "Model", 1, 7)
        to.record_contributor(3, 7, None, ["VIEW", "ADD"])
        to.record_contributor(3, 7, ["VIEW", "ADD"], ["VIEW"])
        to.record_follow(7, 8, None, "Follow")
        to.record_follow(7, 8, "Follow", "Hide")
        assert to.flush()
    assert summed(built, "Model") == {
        1: {"thumbsUpCount": 0, "thumbsDownCount": 1, "ratingCount": 1, "collectedCount": 1},
        2: {"thumbsUpCount": 0, "ratingCount": 0},
    }
    assert summed(built, "ModelVersion") == {
        11: {"thumbsUpCount": 0, "thumbsDownCount": 1, "ratingCount": 1},
        12: {"thumbsUpCount": 0, "ratingCount": 0},
    }
    assert summed(built, "Image") == {
        5: {"Like": 0, "Heart": 1, "tippedCount": 1, "tippedAmount": 100, "Collection": 1},
        9: {"Cry": 0},
    }
    assert summed(built, "Post") == {6: {"Like": 0, "Heart": 1, "reactionCount": 1, "commentCount": 1}}
    assert summed(built, "Collection") == {3: {"itemCount": 2, "followerCount": 1, "contributorCount": 0}}
    assert summed(built, "User") == {
        7: {"tipsGivenCount": 1, "tipsGivenAmount": 100, "followingCount": 0},
        8: {"reactionCount": 1, "followerCount": 0, "hiddenCount": 1},
    }
    assert built.rows(f"select distinct version, userId from {EVENTS}") == [(2, 7)]
    made = built.value(f"select max(createdAt) from {EVENTS}")
    assert abs((made.replace(tzinfo=datetime.UTC) - datetime.datetime.now(datetime.UTC)).total_seconds()) < 300


def test_bad_events(built: Project, tmp_path: Path) -> None:
    with recorder(built, tmp_path / "spool", None) as to:
        for event, message in {
            ("Image", 1, 7, "likes"): "Image has no metric 'likes': the registry has .*Like",
            ("image", 1, 7, "Like"): "No entity type is named 'image'",
            ("Image", 2**31, 7, "Like"): "The entity of an event is '2147483648'",
            ("Image", 1, None, "Like"): "The user of an event is 'None'",
            ("Image", 1, 7, "Like", 2**40): "The value of an event is",
        }.items():
            with pytest.raises(EntityMetricsError, match=message):
                to.record(*event)
        with pytest.raises(EntityMetricsError, match="no reaction 'like'"):
            to.record_reaction(1, 7, None, "like")
        assert to.flush()
    with pytest.raises(EntityMetricsError, match="closed"):
        to.record("Image", 1, 7, "Like")
    assert built.rows(RECORDED) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(EntityMetricsError, match="cannot be written"), recorder(built, tmp_path / "file", None):
        pass


def test_the_cache_follows_at_once(built: Project, valkey: Valkey, tmp_path: Path) -> None:
    """What is cached is incremented, below zero too; what is not stays out; an absence goes; flags are read again."""
    lookups = metrics(built, valkey.cache())
    with recorder(built, tmp_path / "spool", valkey.cache()) as to:
        to.record("Image", 1, 7, "Like")
        to.flush()
        lookups.get("Image", [1, 2])
        assert lookups.get_reactions(7, [1]) == {1: 1}
        asked = len(lookups._reader.queries)
        to.record_reaction(1, 7, "Like", None)
        to.record("Image", 1, 8, "Dislike", -1)
        to.record("Image", 2, 7, "Like")
        to.record("Image", 3, 7, "Like")
        assert to.flush()
        server = lookups.cache.client
        assert server.hgetall(entity_key("Image", 1)) == {"Like": "0", "Dislike": "-1"}
        assert server.pttl(entity_key("Image", 1)) > 11 * 3600 * 1000
        assert [server.exists(entity_key("Image", i)) for i in (2, 3)] == [0, 0]
        assert lookups.get("Image", [1, 2, 3]).totals == summed(built, "Image")
        assert len(lookups._reader.queries) == asked + 1
        assert lookups.get_reactions(7, [1]) == {1: 0}


def test_who_does_not_count_is_not_added(built: Project, valkey: Valkey, tmp_path: Path) -> None:
    """One definition, in one place: the site's two writers differed by the users they left out."""
    lookups = metrics(built, valkey.cache())
    built.rows("insert into entity_metrics.excluded_users values (13, 'a robot')")
    with recorder(built, tmp_path / "spool", valkey.cache()) as to:
        to.record("Image", 1, 7, "Like")
        to.flush()
        assert lookups.get("Image", [1])[1] == {"Like": 1}
        to.record("Image", 1, 13, "Like")
        to.record("Image", 1, 8, "Like")
        to.flush()
    assert lookups.get("Image", [1])[1] == {"Like": 2} == summed(built, "Image")[1]
    assert len(built.rows(RECORDED)) == 3, "the event itself is kept"


def test_an_event_id_counts_once(built: Project, valkey: Valkey, tmp_path: Path) -> None:
    """In one batch, in two, by two recorders. A fact of several events has one id."""
    with recorder(built, tmp_path / "a", valkey.cache()) as one, recorder(built, tmp_path / "b", valkey.cache()) as two:
        for to in (one, two, one):
            to.record("Image", 1, 7, "Like", event_id="x")
            to.record("Image", 1, 7, "Like", event_id="x")
            to.record_follow(7, 8, None, "Follow", event_id="x")
            assert to.flush()
        one.record("Image", 1, 7, "Like", event_id="y")
        assert one.flush()
    assert [row[:2] + row[3:5] for row in built.rows(RECORDED)] == [
        ("Image", 1, "Like", 1),
        ("Image", 1, "Like", 1),
        ("User", 7, "followingCount", 1),
        ("User", 8, "followerCount", 1),
    ]
    assert (one.counters.repeated._value.get(), two.counters.repeated._value.get()) == (5, 4)


def cut_off(insert: Callable[..., None], *arguments: object) -> None:
    """An insert whose reply does not arrive."""
    insert(*arguments)
    raise ConnectionError("the reply was lost")


def test_a_batch_whose_end_nobody_saw_is_not_written_twice(built: Project, tmp_path: Path) -> None:
    """The insert came in, and the reply did not. On a table whose engine deduplicates nothing, and on one that does."""
    for settings in ("", " settings non_replicated_deduplication_window = 100"):
        built.rows(f"create or replace table {EVENTS} as {EVENTS} engine = MergeTree {ORDER}{settings}")
        with recorder(built, tmp_path / "spool", None) as to:
            insert = to._writer.insert
            to._writer.insert = functools.partial(cut_off, insert)
            to.record("Image", 1, 7, "Like")
            to.record("Image", 1, 7, "Like")
            assert not to.flush(timeout=0)
            assert len(built.rows(RECORDED)) == 2
            to._writer.insert = insert
            to.record("Image", 1, 7, "Like")
            assert to.flush()
        assert len(built.rows(RECORDED)) == 3, "two, and the third, which looks the same"


def test_clickhouse_away_and_valkey_away(built: Project, valkey: Valkey, tmp_path: Path) -> None:
    """Events wait on disk for the one; for the other they do not, and what was cached is told later."""
    lookups = metrics(built, valkey.cache(write=1))
    with recorder(built, tmp_path / "spool", valkey.cache(write=1)) as to:
        to.record("Image", 1, 7, "Like")
        to.flush()
        assert lookups.get("Image", [1])[1] == {"Like": 1}
        built.rows(f"rename table {EVENTS} to {EVENTS}_away")
        to.record("Image", 1, 8, "Like")
        assert not to.flush(timeout=0)
        assert to.counters.kept._value.get() == 1
        built.rows(f"rename table {EVENTS}_away to {EVENTS}")
        assert lookups.get("Image", [1])[1] == {"Like": 1}
        assert to.flush()
        assert lookups.get("Image", [1])[1] == {"Like": 2}
        valkey.stop()
        to.record("Image", 1, 9, "Like")
        assert not to.flush(timeout=0)
        assert summed(built, "Image")[1] == {"Like": 3}
        valkey.start()
        assert lookups.cache.client.ping()
        lookups.cache.client.hset(entity_key("Image", 1), "Like", 2)
        assert to.flush()
        assert lookups.cache.client.exists(entity_key("Image", 1)) == 0
    assert summed(built, "Image")[1] == {"Like": 3}
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_recorder_that_begins_is_not_taken_for_one_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one looks around just before it has locked its folder."""
    other, locked = spool.Spool(tmp_path), spool._locked

    def late(folder: Path) -> tuple[Path, int]:
        monkeypatch.setattr(spool, "_locked", locked)
        other.adopt()
        return locked(folder)

    monkeypatch.setattr(spool, "_locked", late)
    own = spool.Spool(tmp_path)
    own.append(b"{}\n")
    own.close_segment()
    other.adopt()
    assert (len(own.waiting()), len(other.waiting())) == (1, 0)
    own.close()
    other.adopt()
    assert len(other.waiting()) == 1
    other.close()


def test_a_batch_that_is_refused_holds_up_no_other(built: Project, tmp_path: Path) -> None:
    """It is named in the log, and waits; one value that no column held stopped the site's whole job."""
    with recorder(built, tmp_path / "spool", None) as to:
        refused = event_line("Image", 2, 7, "Like", 1, None) | {"createdAt": "2026-01-01 00:00:00", "version": "two"}
        for name, line in {"00-refused": json.dumps(refused), "01-unreadable": "{", "02-strange": "{}"}.items():
            (to._spool.own / f"{name}.closed").write_text(f"{line}\n")
        to.record("Image", 1, 7, "Like")
        assert not to.flush(timeout=0)
        assert len(built.rows(RECORDED)) == 1
        assert sorted(path.stem for path in to._spool.own.glob("*.closed")) == ["00-refused", "01-unreadable", "02-strange"]
        assert not to._is_away


SCRIPT = """
import sys, time
sys.path[:0] = [{scripts!r}]
from pathlib import Path
from entity_metrics.serving.recorder import EventRecorder
recorder = EventRecorder(None, Path({spool!r}), interval=3600)
for number in range(1000):
    recorder.record("Image", number, 7, "Like")
print("recorded", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("signal", ["terminate", "kill"])
def test_a_process_that_ends_loses_nothing(built: Project, tmp_path: Path, signal: str) -> None:
    """What `record` has taken, the next recorder with the same folder writes."""
    spool = tmp_path / "spool"
    script = SCRIPT.format(scripts=str(PROJECT / "scripts"), spool=str(spool))
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert process.stdout and process.stdout.readline() == b"recorded\n"
    with recorder(built, spool, None) as to:
        assert to.flush()
        assert built.rows(RECORDED) == [], "it is alive, and its events are its own"
        getattr(process, signal)()
        process.wait()
        time.sleep(0.1)
        assert to.flush()
    assert len(built.rows(RECORDED)) == 1000 == len({row[1] for row in built.rows(RECORDED)})
    assert list(spool.iterdir()) == []
