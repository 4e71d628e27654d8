"""Children and the parents that they are joined to: in which order they are staged, and what is left without one."""

from harness import Project
from test_staging import DBT
from warm import Started

JOB = "source_events"


def test_children_are_staged_first(connected: Project) -> None:
    """An article and its reactions come in between two pulls: none of the staged reactions is without its article."""

    def react(_process: Started) -> None:
        connected.postgres(
            """insert into "Article" select (jsonb_populate_record(null::"Article", to_jsonb(a) || '{"id": 900001}')).*
               from (select * from "Article" order by id limit 1) as a;
               insert into "ArticleReaction" select (jsonb_populate_record(null::"ArticleReaction", to_jsonb(r) ||
               jsonb_build_object('id', 900000 + n, 'articleId', 900001, 'userId', n))).*
               from (select * from "ArticleReaction" order by id limit 1) as r, generate_series(1, 50) as n"""
        )

    connected.start(DBT, "run", "--select", "+article_reaction", "--threads", "1", until=": range 1 of", then=react)
    assert orphans(connected, 900001) == 0
    assert connected.value("select count() from entity_metrics.stg_article where id = 900001") == 1

    parent, reactions = connected.rows(
        "select articleId, count() from entity_metrics.stg_article_reaction group by articleId order by 2 desc limit 1"
    )[0]
    before = warned(connected)
    connected.rows(f"delete from entity_metrics.stg_article where id = {parent}")
    assert warned(connected) == [*before, (parent, reactions)]


def test_parents_wait_for_their_children(connected: Project) -> None:
    """Each staged table that rows of others are joined to is pulled after these."""
    manifest = connected.manifest()
    generic = [node for node in manifest.nodes.values() if hasattr(node, "test_metadata")]
    tests = [node for node in generic if node.test_metadata.name == "has_parent"]
    assert len(tests) >= 6
    for test in tests:
        (parent,) = {*test.depends_on.nodes} - {test.attached_node}
        assert test.attached_node in manifest.nodes[parent].depends_on.nodes, test.name


def orphans(project: Project, article: int) -> int:
    return project.value(
        f"select count() from entity_metrics.stg_article_reaction where articleId = {article}"
        " and articleId not in (select id from entity_metrics.stg_article)"
    )


def warned(project: Project) -> list[tuple[int, int]]:
    """What the test stores, and that it warns of that number of rows."""
    ran = project.dbt("test", "--select", "article_reaction_has_article")
    stored = project.rows(
        "select parent_id, row_count from entity_metrics_dbt_test__audit.article_reaction_has_article order by row_count"
    )
    if stored:
        assert f"Got {sum(rows for _, rows in stored)} results, configured to warn" in ran.output
    return stored
