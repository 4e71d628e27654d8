"""Brand visibility: a source that shrank, or that the role sees less of, stops the job before readers see smaller tables."""

from brand_visibility import BUILD, COMPETITORS, EXPECTED, JOB, POSITIONS, actual
from harness import Project

BUILT = JOB


def as_reader(project: Project, *policies: str) -> None:
    """Connect as a role that row level security holds for, with these policies on the positions."""
    reader = f"reader_of_{project.database}"
    project.postgres(
        f"""create role {reader} login password 'r';
            grant usage on schema brand_visibility to {reader};
            grant select on all tables in schema brand_visibility to {reader};
            alter table {POSITIONS} enable row level security"""
    )
    for policy in policies:
        project.postgres(policy)
    project.rows(f"alter named collection brand_visibility_source set user = '{reader}', password = 'r'")


def tables(project: Project) -> dict[str, list]:
    return {table: actual(project, table) for table in EXPECTED}


def test_rows_hidden_by_row_level_security(built: Project) -> None:
    """None visible; then a few, of which each of the five tables' hooks knows; then allowed."""
    before = tables(built)
    as_reader(built)
    hidden = built.dbt_here(*BUILD, ok=False)
    sentence = (
        "The source table extracted_positions has no rows that the role of the named collection brand_visibility_source can see"
    )
    assert sentence in hidden.output and "row level security" in hidden.output and "max_removed_share: 1" in hidden.output
    assert tables(built) == before

    built.postgres(f"create policy few on {POSITIONS} using (collector_result_id < 1060)")
    few = built.dbt_here("run", "--select", JOB, ok=False)
    facts = len(before["metric_facts"])
    assert f"metric_facts would go from {facts} to 19 rows" in few.output and "max_removed_share allows 10.0 %" in few.output
    assert tables(built) == before
    # Not by a way around what refused it, either; and a dry run says what the run would say.
    assert "would go from" in built.dbt_here("run", "--select", "brand_metrics", ok=False).output
    assert "would go from" in built.dbt("run", "--select", JOB, "--vars", "{dry_run: true}", ok=False).output
    assert tables(built) == before
    built.dbt("run", "--select", JOB, "--vars", "{max_removed_share: 1}")
    assert len(actual(built, "metric_facts")) == 19


def test_nothing_on_an_empty_target(connected: Project) -> None:
    """An empty source is no success where there was nothing before, nor is one of which every row is rejected."""
    connected.postgres(f"create table kept as select * from {POSITIONS}; truncate {POSITIONS}")
    empty = connected.dbt_here(*BUILD, ok=False)
    assert "extracted_positions has no rows that the role" in empty.output
    connected.postgres(
        f"insert into {POSITIONS} overriding system value select * from kept where collector_result_id = 900000012"
    )
    rejected = connected.dbt_here(*BUILD, ok=False)
    assert "No fact would be left: every answer is rejected" in rejected.output
    assert connected.rows("select name from system.tables where name = 'metric_facts' and database = 'entity_metrics'") == []


def test_one_table_that_shrank_keeps_all_as_they_are(built: Project) -> None:
    """Sentiments are gone while answers have grown: no table is replaced. Competitors are compared before they are replaced."""
    before = tables(built)
    built.postgres(f"update {POSITIONS} set sentiment_label = null, visibility_index = 0.99 where competitor_name is null")
    shrunk = built.dbt_here("run", "--select", JOB, ok=False)
    assert "brand_sentiment would go from" in shrunk.output and tables(built) == before

    built.postgres(f"delete from {COMPETITORS} where competitor_name like 'Rival 3%'")
    fewer = built.dbt_here(*BUILD, ok=False)
    assert "brand_competitors would go from 21 to 16 rows. That removes 23.81 %" in fewer.output
    assert built.value("select count() from entity_metrics.stg_brand_competitors") == 21
    built.postgres(f"delete from {COMPETITORS}")
    none = built.dbt_here(*BUILD, ok=False)
    assert "The source table brand_competitors has no rows that the role" in none.output
    assert tables(built) == before
