"""The report: its figures are the database's, it says what is not proven first, and everybody can read its page.

The browser's tests leave pictures of the page in the folder `.pytest_cache/d/report`. Without a Chromium they are skipped.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

import report_browser
from conftest import PASSWORD
from entity_metrics import PROJECT
from entity_metrics.report.hidden import hide
from harness import EVENTS, Project, Server
from pictures import chromium, opened_browser
from report_page import Page, number
from warm import Warm

JOB = "all"
DATABASE = "entity_metrics"
QUANTITIES = "Every quantity of the registry, from the legacy table to the cache"
TESTS = "Every test, those that prove nothing first"
HOSTILE = """<img src="http://evil.example/x.png" onerror="alert(1)"></td><script>document.title = 'owned'</script>"""
SECRETS = {"cache_password": "hunter2var", "url": "redis://site:hunter2url@cache.example/0", "note": "password='hunter2 text'"}


@pytest.fixture(scope="module")
def site(server: Server, warm: Warm, prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """All jobs and tests, a cache, dbt's documentation, an audit. Among the runs is one with hostile words and secrets."""
    made = Project(tmp_path_factory.mktemp("site"), server, "sample", PASSWORD, warm)
    made.begin_as(prepared("all", None), chdb=True)
    made.connect("--source", "brand_visibility")
    made.load_clickhouse()
    made.dbt_here(
        *("build", "--exclude-resource-type", "unit_test", "--exclude", "audit", "--vars", "{engagement_date: '2025-01-21'}")
    )
    made.rows(
        f"create table {DATABASE}.cached_totals engine = MergeTree order by entity_id comment '2040-01-01 00:00:00' as"
        " select toString(entity_type) as entity_type, entity_id, toString(quantity) as quantity, total"
        f" from {DATABASE}.metric_totals where entity_id % 3 = 0"
    )
    made.run("dbt", "docs", "generate", "--no-compile", "--empty-catalog", "--quiet")
    made.command("audit")
    keep_run(made, command=HOSTILE, vars=json.dumps(SECRETS), node=HOSTILE)
    yield made
    made.close()


@pytest.fixture(scope="module")
def file(site: Project) -> Path:
    """The page of a site where everything is proven."""
    written = site.folder / "target" / "report.html"
    said = site.command("report", "--open", BROWSER="echo opened %s").output
    assert re.match(
        rf"opened {written.as_uri()}\nEverything is proven: \d+ tests passed, \d+ only warned, and the audit found"
        r" [\d,]+ keys of \d+ quantities the same"
        r" from Postgres to the cache\.\nWritten to target/report\.html\n$",
        said,
    ), said
    return written


@pytest.fixture(scope="module")
def page(file: Path) -> Page:
    return Page(file.read_text())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not chromium():
        pytest.skip("skipped: no Chromium")
    with opened_browser() as opened:
        yield opened


@pytest.fixture
def broken(site: Project, file: Path, server: Server, warm: Warm, tmp_path: Path) -> Iterator[Project]:
    """A copy of the site that a test may break."""
    made = Project(tmp_path, server, "sample", PASSWORD, warm)
    made.begin_as(site, chdb=True)
    yield made
    made.close()


def keep_run(project: Project, **columns: str) -> None:
    """Add a row to run_results, of a run of now."""
    row = {"run_id": "hostile", "status": "success", "resource_type": "model"} | columns
    values = ", ".join("'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'" for value in row.values())
    project.rows(f"insert into {DATABASE}.run_results (started_at, {', '.join(row)}) values (now64(3), {values})")


def not_proven(project: Project) -> str:
    """What the report says first of what is not proven."""
    said = project.command("report", ok=False).output
    assert said.startswith("Not everything is proven: ") and said.rstrip().endswith("Written to target/report.html"), said
    assert said.splitlines()[0] in Page((project.folder / "target" / "report.html").read_text()).text
    return said.splitlines()[0].removeprefix("Not everything is proven: ")


def test_figures_are_those_of_the_database(site: Project, page: Page) -> None:
    rows = {(row["entity"], row["quantity"]): row for row in page.tables[QUANTITIES]}
    totals = {
        (entity_type, quantity): (total, cached)
        for entity_type, quantity, total, cached in site.rows(
            "select entity_type, quantity, sum(total), sumIf(total, entity_id % 3 = 0)"
            f" from {DATABASE}.metric_totals group by all"
        )
    }
    assert len(totals) > 80 and set(totals) <= set(rows)
    for key, (total, cached) in totals.items():
        row = rows[key]
        assert [number(row[name]) for name in ("events", "days", "totals", "cache")] == [total, total, total, cached], key
        assert row["coverage"] == "1.0000" and row["class"] in ("equal", "by definition"), key
    legacy = site.postgres("""select sum("trackCount") from "BountyMetric" where timeframe = 'AllTime'""")[0][0]
    assert number(rows["Bounty", "trackCount"]["legacy"]) == legacy
    events = site.rows(f"select entityType, countIf(version = 1), countIf(version = 3) from {EVENTS} group by entityType")
    by_type = {row["entity"]: row for row in page.tables["Events by entity type and month, and who wrote them"]}
    assert {(name, number(row["packages"]), number(row["metric tables"])) for name, row in by_type.items()} == set(events)
    answers = site.value(f"select count() from {DATABASE}.metric_facts")
    rejects = site.value(f"select count() from {DATABASE}.brand_visibility_rejects")
    assert f"{answers:,} answers" in page.text
    assert sum(number(row["rows"]) for row in page.tables["Rejects by reason"]) == rejects > 0
    assert sum(number(row["answers"]) for row in page.tables["Answers by day"]) == answers
    users = page.tables["All users, and the first ten by rank"]
    assert number(users[0]["followers"]) == site.value(f"select sum(followerCount) from {DATABASE}.user_totals")
    assert [row["rank"] for row in users[1:]] == [str(rank) for rank in range(1, 11)]
    published = site.rows(
        f"select model, uniqExact(run_id) from {DATABASE}.publish_log where is_counted group by model order by model"
    )
    publishings = page.tables["The last publishing of each node; times are UTC"]
    assert [(row["node"], int(row["times"])) for row in publishings] == published
    tests = site.value(f"select uniqExact(node) from {DATABASE}.run_results where resource_type = 'test'")
    assert len([row for row in page.tables[TESTS] if row["ran at"]]) == tests > 200
    assert page.tables["Entities by class of difference"]
    assert page.tables["UserMetric beside user_totals, as the audit found them"]


def test_links_anchors_and_size(site: Project, file: Path, page: Page) -> None:
    """Every link finds its target, each figure one test; nothing comes from elsewhere; secrets and hostile words do nothing."""
    html = file.read_text()
    assert len(html.encode()) <= 400_000, len(html.encode())
    assert len(page.ids) == len(set(page.ids))
    inside = {link[1:] for link in page.links if link.startswith("#")}
    assert inside <= set(page.ids) and {"jobs", "quantities", "test-published_bounty_metrics", "sql-metric_totals"} <= inside
    outside = {link.partition("#")[0] for link in page.links if not link.startswith("#")}
    assert outside == {"index.html"} and (file.parent / "index.html").exists() and (file.parent / "catalog.json").exists()
    assert page.headings[0] == 1 and set(page.headings[1:]) == {2}
    assert HOSTILE in page.text and "hunter2" not in html and PASSWORD not in html
    assert re.findall(r"<(?:script|img|iframe|object)\b[^>]*>", html) == ["<script>"]
    (run,) = [row for row in page.tables["The last runs; times are UTC"] if row["run"] == "hostile"]
    hidden = {"cache_password": "*****", "url": "redis://*****@cache.example/0", "note": "password=*****"}
    assert json.loads(run["vars"]) == hidden


def test_looks(browser: Browser, file: Path, request: pytest.FixtureRequest) -> None:
    """Pictures of each width, light and dark, are in `.pytest_cache/d/report`."""
    report_browser.looks(browser, file, request.config.cache.mkdir("report"))


def test_what_is_wrong_is_seen(browser: Browser, file: Path) -> None:
    report_browser.see_what_is_wrong(browser, file)


def test_on_paper(browser: Browser, file: Path, request: pytest.FixtureRequest) -> None:
    """The paper is `.pytest_cache/d/report/paper.pdf`."""
    report_browser.print_it(browser, file, request.config.cache.mkdir("report"))


def test_without_javascript(browser: Browser, file: Path, page: Page) -> None:
    report_browser.read_without_javascript(browser, file, sections=page.headings.count(2))


def test_by_keyboard(browser: Browser, file: Path) -> None:
    report_browser.use_the_keyboard(browser, file)


def test_secrets_are_hidden() -> None:
    assert hide({"api_key": "x", "rows": [{"PGPASSWORD": "y"}], "dictionary_collection": "c"}) == {
        "api_key": "*****",
        "rows": [{"PGPASSWORD": "*****"}],
        "dictionary_collection": "c",
    }
    assert hide("create user a identified by 'x y', token = abc, to http://u:p@q@host/") == (
        "create user a identified by *****, token = *****, to http://*****@host/"
    )
    assert hide('{"secret": ') == '{"secret": ' and hide(7) == 7 and hide({"password": ""}) == {"password": ""}


def test_the_same_as_json(site: Project, file: Path) -> None:
    """It writes a file only where one is named; the sentence, the tests and the figures are those of the page."""
    before = file.stat().st_mtime_ns
    ran, errors = site.command_apart("report", "--output", "json")
    document: dict[str, Any] = json.loads(ran.output)
    assert ran.code == 0 and errors == "" and file.stat().st_mtime_ns == before and "hunter2" not in ran.output
    page = Page(file.read_text())
    assert document["succeeded"] and document["problems"] == [] and document["sentence"] in page.text
    assert [test["name"] for test in document["tests"]] == [row["test"] for row in page.tables[TESTS]]
    assert document["audit"]["keys"] and document["users"][0]["users"] and document["comparisons"]


def test_a_lost_event_a_failing_test_and_an_outdated_one(broken: Project) -> None:
    """Each is named, with what matters most first, and the page has the query of the rows that a test found."""
    test = "excluded_users_have_reasons"
    broken.rows(f"insert into {DATABASE}.excluded_users values (900000, '')")
    broken.dbt_here("test", "--select", "excluded_users", ok=False)
    keep_run(broken, node=test, resource_type="test", status="fail", message=f"{HOSTILE} password='hunter2'")
    assert not_proven(broken) == f"the test {test} of excluded_users fails: {HOSTILE} password=*****."
    found = Page((broken.folder / "target" / "report.html").read_text())
    (row,) = [row for row in found.tables[TESTS] if row["state"] == "fail"]
    query = row["the rows it found"].partition(" <img")[0]
    assert row["test"] == test and [row[0] for row in broken.rows(query)] == [900000]
    assert "hunter2" not in found.text

    broken.dbt_here("run", "--select", "tag_metrics")
    ((tag, total),) = broken.rows(
        f"select entity_id, total from {DATABASE}.metric_totals where entity_type = 'Tag' and quantity = 'followerCount'"
        " order by total desc, entity_id limit 1"
    )
    broken.rows(f"alter table {EVENTS} delete where entityType = 'Tag' and metricType = 'followerCount' and entityId = {tag}")
    assert broken.command("audit", ok=False).code == 1
    first = not_proven(broken)
    assert first.startswith(
        f"Tag.followerCount, from the source to the event table: 1 missing, as in {tag} ({total:,}, then 0); run the job that"
    )
    keep_run(broken, node="tag_metrics", status="error", message="no such column")
    document = json.loads(broken.command_apart("report", "--output", "json")[0].output)
    problems = document["problems"]
    assert "tag_metrics could not be built: no such column" in problems
    assert any(problem.startswith("the test nothing_lost of audit fails: Got 1 result") for problem in problems)
    assert any(problem.endswith("was built after its test published_tag_metrics last ran") for problem in problems)


def test_audits_that_prove_too_little(broken: Project) -> None:
    """A sample, one that is older than what was published, one that knew no users, and none."""
    broken.rows(f"alter table {DATABASE}.audit update share = 0.5 where true")
    assert not_proven(broken) == "the audit compared a sample of the keys only: run `entity-metrics audit`."
    broken.rows(f"alter table {DATABASE}.audit update share = 1 where true")
    broken.rows(
        f"insert into {DATABASE}.publish_log select * replace (now64(3) + interval 1 hour as published_at)"
        f" from {DATABASE}.publish_log where is_counted limit 1"
    )
    assert not_proven(broken) == "events were published since the audit: run `entity-metrics audit`."
    broken.rows(f"drop table {DATABASE}.audit_users")
    assert not_proven(broken) == "events were published since the audit: run `entity-metrics audit`."
    assert "run entity-metrics audit" in Page((broken.folder / "target" / "report.html").read_text()).text
    broken.rows(f"drop table {DATABASE}.audit")
    assert not_proven(broken) == "there is no audit: run `entity-metrics audit`."


def test_an_empty_target(project: Project) -> None:
    first = "nothing has run yet: run `make demo`, or `entity-metrics connect` and `entity-metrics backfill --all`."
    assert not_proven(project) == first


def test_an_installed_package_has_the_page() -> None:
    """Every file that is no module is package data."""
    patterns = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    scripts = PROJECT / "scripts"
    there = {path for path in (scripts / "entity_metrics").rglob("*.*") if path.suffix not in (".py", ".pyc")}
    folders = {scripts / package.replace(".", "/"): names for package, names in patterns.items()}
    declared = {path for folder, names in folders.items() for name in names for path in folder.glob(name)}
    assert there == declared != set()
