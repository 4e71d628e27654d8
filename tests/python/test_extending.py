"""The recipes of docs/extending.md, followed to the letter."""

import re
import shlex
import textwrap

from entity_metrics import PROJECT
from harness import EVENTS, Project
from packages import FROM_SOURCES

JOB = "source_events"
BUILT = "+buzz_tip"
VARS = FROM_SOURCES

TABLES = """
    create table "ComicProjectMetric" ("comicProjectId" int, timeframe text, "followerCount" int, "readerCount" int,
        primary key ("comicProjectId", timeframe));
    insert into "ComicProjectMetric" select n, frame, n % 5, n * 3
        from generate_series(1, 50) as n, unnest(array['AllTime', 'Day']) as frame
"""


def recipe(number: int) -> str:
    return (PROJECT / "docs/extending.md").read_text().split("\n## ")[number]


def files(text: str) -> dict[str, str]:
    """The blocks of a recipe that are preceded by a path: what they are to be."""
    blocks = re.findall(r"^ *`([\w/.]+)`:\n\n *```\w+\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE)
    return {path: textwrap.dedent(body) for path, body in blocks}


def follow(project: Project, number: int) -> None:
    """Write the files of a recipe, and the rows of the registry over those of the same quantity."""
    for path, body in files(recipe(number)).items():
        file = project.folder / path
        if path == "seeds/metrics.csv":
            rows = {tuple(line.split(",")[:2]): line for line in [*file.read_text().splitlines(), *body.splitlines()]}
            body = "\n".join(rows.values()) + "\n"
        file.parent.mkdir(exist_ok=True)
        file.write_text(body)


def add_line(project: Project, number: int) -> None:
    """Put the line that a recipe adds to a file at the head of its statement."""
    file, line = re.findall(r"add\s+to `([\w/.]+)` the line `([^`]+)`", recipe(number))[0]
    text = (project.folder / file).read_text()
    (project.folder / file).write_text(text.replace("select\n", f"{line}\nselect\n", 1))


def add_to_list(project: Project, number: int) -> None:
    file, name = re.findall(r"list at the head of `([\w/.]+)`: `(\w+)`", recipe(number))[0]
    text = (project.folder / file).read_text()
    (project.folder / file).write_text(text.replace("{% set published = [", f"{{% set published = [\n    '{name}',", 1))


def build(project: Project, number: int) -> str:
    """Run the recipe's commands. Returns what the last one said."""
    for command in re.findall(r"```shell\n(.*?)```", recipe(number), re.DOTALL)[0].strip().splitlines():
        said = project.dbt(*shlex.split(command)[1:]).output
    return said


def slice_of(project: Project, condition: str) -> list[tuple[object, ...]]:
    return project.rows(
        f"select toString(metricType), count(), sum(metricValue), sum(cityHash64(*)) from {EVENTS} where {condition}"
        " group by metricType order by metricType"
    )


def test_recipes(built: Project) -> None:
    """Both together, in a project that has published a package already."""
    project = built
    project.postgres(TABLES)
    of_packages = "version = 1"
    before = slice_of(project, of_packages)
    follow(project, 1)
    follow(project, 2)
    add_line(project, 1)
    forgotten = project.dbt("build", "--select", "event_table", ok=False).output
    assert "FAIL 2 names_all_publish_nodes" in forgotten
    add_to_list(project, 1)
    add_to_list(project, 2)

    said = build(project, 1)
    for test in ("published_tags_on_article", "published_tag_metrics"):
        assert f" PASS {test} " in said, said[-3000:]
    tagged = project.postgres(
        """select count(*) from "TagsOnArticle" as tag join "Article" as article on article.id = "articleId"
        where tag."createdAt" < '2024-08-07 15:44:39.044'"""
    )[0][0]
    posts = project.postgres("""select sum("postCount") from "TagMetric" where timeframe = 'AllTime'""")[0][0]
    of_package = "version = 1 and entityType = 'Tag' and metricType = 'articleCount'"
    assert [row[:3] for row in slice_of(project, of_package)] == [("articleCount", tagged, tagged)]
    assert slice_of(project, "version = 3 and entityType = 'Tag' and metricType = 'articleCount'") == []
    assert slice_of(project, "version = 3 and entityType = 'Tag' and metricType = 'postCount'")[0][2] == posts
    assert slice_of(project, f"{of_packages} and not ({of_package})") == before != []

    said = build(project, 2)
    for test in ("reconcile_comic_project_metrics", "matches_registry_comic_project_metrics", "published_comic_project_metrics"):
        assert f" PASS {test} " in said, said[-3000:]
    whole = project.dbt("build", "--select", "event_table", ok=None).output
    assert " PASS owned " in whole and " PASS names_all_publish_nodes" in whole
    totals = project.postgres(
        """select sum("followerCount"), sum("readerCount") from "ComicProjectMetric" where timeframe = 'AllTime' """
    )[0]
    assert [row[2] for row in slice_of(project, "version = 3 and entityType = 'ComicProject'")] == [*totals]
