"""The verbs `get` and `cache`, and where the cache is: what they find, and what they say."""

import json
import re
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import pytest

from entity_metrics import PROJECT, embedded_valkey
from entity_metrics.commands.cache import compare, print_checked
from entity_metrics.errors import EntityMetricsError
from entity_metrics.explain import hide_secrets
from entity_metrics.serving import connections
from entity_metrics.serving.bulk import BulkFill
from entity_metrics.serving.check import Check, Checked
from entity_metrics.serving.counters import Counters
from entity_metrics.serving.keys import entity_key, reactions_key
from entity_metrics.serving.store import Cache
from harness import EVENTS, Project
from serving import DATABASE, Valkey, client, close_clients, metrics

JOB = "source_events"
URL = connections.URL


@pytest.fixture(scope="module")
def site(served_site: Project) -> Project:
    """Images and models with totals, and reactions of the user 7. `cache check` soon looks again at what differs."""
    rows = f"insert into {EVENTS} (entityType, entityId, userId, metricType, metricValue, createdAt) select"
    served_site.rows(
        f"{rows} 'Image', number % 300, 7, ['Like', 'Heart', 'commentCount'][intDiv(number, 300) % 3 + 1], 1,"
        " toDateTime('2023-01-01 00:00:00') + number * 1000 from numbers(1800)"
    )
    served_site.rows(f"{rows} 'Model', number % 50, 7, 'commentCount', 2, now() from numbers(100)")
    served_site.dbt_here("run", "--select", "totals")
    check = served_site.folder / "scripts/entity_metrics/serving/check.py"
    check.write_text(check.read_text().replace("PAUSES = (0.5, 1.5, 4.0)", "PAUSES = (0.1, 0.1, 0.1)"))
    return served_site


@pytest.fixture
def filled(site: Project, valkey: Valkey) -> Cache:
    """A cache with all images and models, an absence, and reactions of the user 7."""
    cache = valkey.cache()
    fill = BulkFill(client(site), DATABASE, cache)
    fill.fill("Image")
    fill.fill("Model")
    lookups = metrics(site, cache)
    assert lookups.get("Post", [5]).totals == {5: {}}
    assert len(lookups.get_reactions(7, range(20))) == 20
    return cache


def checked(site: Project, cache: Cache) -> Checked:
    return Check(client(site), DATABASE, cache, pauses=(0.02,)).run()


def test_check_compares_everything(site: Project, filled: Cache) -> None:
    result = checked(site, filled)
    assert (result.is_right, result.compared, result.problems) == (True, 300 + 50 + 1 + 20, [])
    comment = site.value("select comment from system.tables where name = 'cached_totals'")
    assert comment == result.read_at
    kept = site.rows(
        f"select entity_type, count(), uniqExact(entity_id), sum(total) from {DATABASE}.cached_totals group by 1 order by 1"
    )
    assert kept == [("Image", 900, 300, 1800), ("Model", 50, 50, 200), ("Post", 1, 1, 0)]
    assert site.value("select count() from system.tables where name = 'cached_keys'") == 0


IMAGE = entity_key("Image", 3)

FAULTS = {
    "wrong value": (lambda c: c.hincrby(IMAGE, "Like", 1), "differ from the totals", IMAGE),
    "sums that cancel out": (
        lambda c: (c.hincrby(IMAGE, "Like", 1), c.hincrby(IMAGE, "Heart", -1)),
        "differ from the totals",
        IMAGE,
    ),
    "missing field": (lambda c: c.hdel(IMAGE, "Like"), "differ from the totals", IMAGE),
    "extra field": (lambda c: c.hset(IMAGE, "collectedCount", 4), "differ from the totals", IMAGE),
    "gone entity": (lambda c: c.hset(entity_key("Image", 900), "Like", 4), "differ from the totals", entity_key("Image", 900)),
    "absent, and is there": (
        lambda c: (c.delete(IMAGE), c.set("{" + IMAGE + "}:absent", 1, px=9000)),
        "differ from the totals",
        IMAGE,
    ),
    "wrong flags": (lambda c: c.hset(reactions_key(7, 3), "flags", 8), "differ from the totals", reactions_key(7, 3)),
    "no expiry": (lambda c: c.persist(IMAGE), "live for ever", IMAGE),
    "no expiry beside": (lambda c: c.set("{" + IMAGE + "}:answer", 1), "live for ever", "{" + IMAGE + "}:answer"),
    "unknown type": (
        lambda c: c.hset("entity:metrics:post:3", "Like", 4),
        "are of no entity type of the registry",
        "entity:metrics:post:3",
    ),
    "id too large": (
        lambda c: c.hset("entity:metrics:Image:9999999999", "Like", 4),
        "are of no entity type of the registry",
        "entity:metrics:Image:9999999999",
    ),
    "no hash": (lambda c: (c.delete(IMAGE), c.set(IMAGE, 5, px=9000)), "are no hashes", IMAGE),
    "no number": (lambda c: c.hset(IMAGE, "Like", "a\tb"), "hold what is no whole number", IMAGE),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_check_sees(site: Project, filled: Cache, fault: str) -> None:
    spoil, what, key = FAULTS[fault]
    spoil(filled.client)
    result = checked(site, filled)
    found = {problem.what: problem for problem in result.problems}
    assert not result.is_right
    assert what in found, result
    assert found[what].keys == 1 and found[what].examples[0]["key"] == key


def test_drift_is_counted_and_printed(
    site: Project, filled: Cache, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.client.hincrby(IMAGE, "Like", 1)
    monkeypatch.setattr("entity_metrics.serving.check.time.sleep", lambda _seconds: None)
    target = SimpleNamespace(client=SimpleNamespace(_client=client(site)), database=DATABASE)
    print_checked(compare(target, filled))
    assert Counters.of_process().drift._value.get() == 1
    printed = capsys.readouterr().out
    assert f"{IMAGE} Like 3 in the cache, 2 in the totals" in printed and "1 differ from the totals" in printed


def test_a_write_on_its_way_is_no_drift(site: Project, filled: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """What differs is looked at again; what is gone by then counts for nothing."""
    filled.client.hincrby(IMAGE, "Like", 1)
    filled.client.hincrby(entity_key("Image", 4), "Like", 1)
    check = Check(client(site), DATABASE, filled, pauses=(0,))

    def arrive(_seconds: float) -> None:
        filled.client.hincrby(IMAGE, "Like", -1)
        filled.client.delete(entity_key("Image", 4))

    monkeypatch.setattr("entity_metrics.serving.check.time.sleep", arrive)
    assert check.run().is_right
    assert site.rows(f"select total from {DATABASE}.cached_totals where entity_id = 3 and quantity = 'Like'") == [(2,)]
    assert site.value(f"select count() from {DATABASE}.cached_totals where entity_type = 'Image' and entity_id = 4") == 0


def test_nothing_compared_is_not_right(site: Project, valkey: Valkey) -> None:
    result = checked(site, valkey.cache())
    assert (result.compared, result.problems, result.is_right) == (0, [], False)


def test_clear_leaves_what_is_not_ours(site: Project, filled: Cache) -> None:
    """And what says that a write is in progress, and which events were counted; a fill under way is not kept."""
    server = filled.client
    state, event = "{" + IMAGE + "}:state", "{" + IMAGE + "}:event:a"
    for key in ("session:1", "entity:metricsx", "reactionsx", event):
        server.set(key, 1, px=60_000)
    filled.call("begin_write", [IMAGE], ["w", 5000, 60_000])
    filled.call("begin_fill", [entity_key("Post", 9)], ["f", 5000, 60_000])
    gen = server.hget("{" + entity_key("Post", 9) + "}:state", "gen")
    assert filled.clear() == 300 + 50 + 1 + 20
    left = {key for key in server.scan_iter("*") if ":writes:" not in key}
    post = "{" + entity_key("Post", 9) + "}:"
    assert {"session:1", "entity:metricsx", "reactionsx", event, state, post + "fill", post + "state"} <= left
    assert not any(key.startswith(("entity:metrics:", "reactions:")) for key in left)
    assert server.hget(post + "state", "gen") != gen
    assert filled.clear() == 0


def test_the_verbs(site: Project, valkey: Valkey) -> None:
    """warm, check, get, refresh and clear, as people run them."""
    close_clients()
    where = {URL: valkey.url}
    empty = site.command("cache", "check", ok=False, **where)
    assert "Nothing is cached" in empty.output
    warm = site.command("cache", "warm", "--entity-type", "Model", **where)
    assert "Filled 50 hashes" in warm.output
    assert "Filled 350 hashes" in site.command("cache", "warm", **where).output
    assert "Compared 350 keys" in site.command("cache", "check", **where).output
    valkey.cache().client.hincrby(IMAGE, "Like", 5)
    red = json.loads(site.command("cache", "check", "--output", "json", ok=False, **where).output)
    assert (red["differing"], red["is_right"], red["problems"][0]["examples"][0]["key"]) == (1, False, IMAGE)
    got = json.loads(site.command("get", "Image", "3", "4", "900", "--output", "json", **where).output)
    assert got["totals"]["3"]["Like"] == 7 and got["totals"]["900"] == {} and got["unknown"] == []
    text = site.command("get", "Image", "4", "900", **where).output.splitlines()
    assert [line.split() for line in text if line.startswith("900")] == [["900", "nothing"]]
    assert "No entity type is named 'image'" in site.command("get", "image", "1", ok=False, **where).output
    assert "Took 0 keys" in site.command("cache", "refresh", **where).output
    assert "Removed" in site.command("cache", "clear", **where).output
    assert list(valkey.cache().client.scan_iter("entity:metrics:Image:*")) == []
    # Without a cache, and with one that is away, ClickHouse is read.
    for nowhere, says in (({}, ""), ({URL: "unix:///nowhere/valkey.sock"}, "could not be used")):
        output = site.command("get", "Image", "3", "--output", "json", **nowhere).output
        assert json.loads(output[output.index("{") :])["totals"]["3"]["Like"] == 2 and says in output
    site.rows(f"rename table {DATABASE}.totals_state to {DATABASE}.away")
    unknown = site.command("get", "Image", "3", ok=False)
    assert "unknown" in unknown.output and "nothing is known now" in unknown.output
    site.rows(f"rename table {DATABASE}.away to {DATABASE}.totals_state")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "There is no cache: name one by ENTITY_METRICS_CACHE_URL"),
        ("unix:///nowhere/valkey.sock", "cannot be reached"),
        ("redis://user:s3cret-w0rd@127.0.0.1:1/0", "The cache redis://127.0.0.1:1/0 cannot be reached"),
        ("http://user:s3cret-w0rd@127.0.0.1:1", "The URL of the cache, http://127.0.0.1:1, cannot be used"),
        ("s3cret-w0rd", "cannot be used"),
    ],
)
def test_a_cache_that_is_not_there(site: Project, url: str, says: str) -> None:
    """One sentence, and no password."""
    close_clients()
    for verb in (["cache", "check"], ["cache", "warm"], ["cache", "refresh"], ["cache", "clear"]):
        ran = site.command(*verb, ok=False, **{URL: url})
        assert says in ran.output and "Traceback" not in ran.output
        assert "s3cret-w0rd" not in ran.output or url == "s3cret-w0rd"
        if len(verb) and url.startswith("s3cret"):
            assert "s3cret" not in ran.output


def test_a_wrong_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = embedded_valkey.start(tmp_path / "valkey", more="requirepass right-Passw0rd")
    try:
        for given in (url, url.replace("unix://", "unix://:wr%20ng-Passw0rd@")):
            monkeypatch.setenv(URL, given)
            with pytest.raises(EntityMetricsError, match="refuses the user or the password") as raised:
                connections.required_cache()
            assert "Passw0rd" not in str(raised.value)
        assert "Passw0rd" not in hide_secrets("wr ng-Passw0rd and wr%20ng-Passw0rd")
        monkeypatch.setenv(URL, url.replace("unix://", "unix://:right-Passw0rd@"))
        assert connections.required_cache().client.ping()
        monkeypatch.setenv(connections.CLUSTER, "1")
        with pytest.raises(EntityMetricsError):
            connections.required_cache()
    finally:
        embedded_valkey.stop(tmp_path / "valkey")


def test_counters_of_a_command_that_runs_on(site: Project, valkey: Valkey) -> None:
    port = 19_000 + hash(site.folder) % 2000
    close_clients()
    site.release()
    site.environment[URL] = valkey.url
    try:
        process = site.start_beside("entity-metrics", "cache", "warm", "--every", "1s", "--check", "--metrics-port", str(port))
        looks = 0
        for line in process.lines:
            looks += "Compared 350 keys" in line
            if looks == 2:
                break
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as response:
            shown = response.read().decode()
        assert 'entity_metrics_filled_total{entity_type="Image"} 300.0' in shown, "the second look fills what changed"
        assert "entity_metrics_drift 0.0" in shown
        taken = site.command("cache", "warm", "--every", "1s", "--metrics-port", str(port), ok=False)
        assert "No endpoint for Prometheus can be opened" in taken.output
    finally:
        process.kill()
        process.wait()
        del site.environment[URL]
    assert "--metrics-port goes with --every" in site.command("cache", "warm", "--metrics-port", "9", ok=False).output
    assert "--metrics-port goes with --every" in site.command("follow", "--metrics-port", "9", ok=False).output


def test_embedded_valkey(tmp_path: Path) -> None:
    """It has no port, is found again, and keeps nothing; also where the path is too long for a socket, or odd."""
    for folder in (tmp_path / "valkey", tmp_path / ("long" * 30) / 'it\'s "here"' / "valkey"):
        url = embedded_valkey.start(folder)
        try:
            assert embedded_valkey.start(folder) == url and embedded_valkey.is_running(folder)
            server = Cache(url).client
            server.set("a", 1)
            assert server.config_get("port")["port"] == "0"
        finally:
            assert embedded_valkey.stop(folder)
        assert not embedded_valkey.is_running(folder) and not embedded_valkey.stop(folder)


def test_the_tests_that_the_page_names() -> None:
    """Each is there, and each line of what went wrong names one."""
    page = (PROJECT / "docs" / "cache.md").read_text().split("## What cannot happen")[1].split("\n## ")[0]
    lines = [line.split("|") for line in page.splitlines() if line.startswith("| ")][1:]
    tests = {name for path in Path(__file__).parent.glob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text())}
    assert len(lines) > 20
    for line in lines:
        named = re.findall(r"`(test_\w+)`", line[3])
        assert named and set(named) <= tests, line
