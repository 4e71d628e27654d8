"""Drift: what has changed in the live source since it was staged."""

import pytest

from harness import Project
from test_staging import as_on_an_older_server

DRIFTED = "select entity_id, since_staged from entity_metrics_dbt_test__audit.drift_bounty_metrics order by entity_id"


def drifted(project: Project) -> dict[int, str]:
    """What the test stores, by the entity's id."""
    project.dbt("test", "--select", "drift_bounty_metrics")
    return dict(project.rows(DRIFTED))


@pytest.mark.parametrize("on_an_older_server", [False, True])
def test_rows_that_changed_went_or_came(connected: Project, on_an_older_server: bool) -> None:
    """The ranges that differ are read row by row; a negative key, the largest one, and a null where there was a zero."""
    if on_an_older_server:
        as_on_an_older_server(connected)
    connected.postgres(
        """alter table "BountyMetric" alter "trackCount" drop not null;
           insert into "BountyMetric" ("bountyId", timeframe, "favoriteCount", "trackCount")
           select n * 1000, 'AllTime', n, 0 from generate_series(-3000, 3000) as n"""
    )
    connected.dbt("run", "--select", "stg_bounty_metrics")
    assert drifted(connected) == {}
    connected.postgres(
        """update "BountyMetric" set "favoriteCount" = "favoriteCount" + 1
           where "bountyId" in (4000, 5000) and timeframe = 'AllTime';
           update "BountyMetric" set "trackCount" = null where "bountyId" = 7000 and timeframe = 'AllTime';
           update "BountyMetric" set "trackCount" = 5 where timeframe = 'Day';
           delete from "BountyMetric" where "bountyId" = -2000000;
           insert into "BountyMetric" ("bountyId", timeframe) values (-2147483648, 'AllTime'), (2000000001, 'AllTime')"""
    )
    assert drifted(connected) == {
        4000: "changed",
        5000: "changed",
        7000: "changed",
        -2000000: "gone",
        -2147483648: "new",
        2000000001: "new",
    }


def test_changes_that_make_up_for_each_other(connected: Project) -> None:
    """Sums of the column, and of the column times the key, stay as they were in all of these."""
    connected.postgres(
        """insert into "BountyMetric" ("bountyId", timeframe, "favoriteCount", "trackCount", "entryCount")
           select n, 'AllTime', 10, 10, n from generate_series(1000, 1100) as n"""
    )
    connected.dbt("run", "--select", "stg_bounty_metrics")
    connected.postgres(
        """update "BountyMetric"
           set "favoriteCount" = 10 + case "bountyId" when 1000 then 1 when 1001 then -1 when 1002 then -1 else 1 end
           where "bountyId" between 1000 and 1003 and timeframe = 'AllTime';
           update "BountyMetric" set "entryCount" = 2031 - "bountyId"
           where "bountyId" in (1015, 1016) and timeframe = 'AllTime';
           update "BountyMetric" set "favoriteCount" = 9, "trackCount" = 11 where "bountyId" = 1050 and timeframe = 'AllTime'"""
    )
    assert set(drifted(connected)) == {1000, 1001, 1002, 1003, 1015, 1016, 1050}


@pytest.mark.parametrize("on_an_older_server", [False, True])
def test_a_column_that_the_source_lacks(connected: Project, on_an_older_server: bool) -> None:
    """It was staged as null, and is no drift."""
    if on_an_older_server:
        as_on_an_older_server(connected)
    connected.postgres('alter table "BountyMetric" drop "trackCount"')
    connected.dbt("run", "--select", "stg_bounty_metrics", "--vars", "{allow_missing_columns: true}")
    assert drifted(connected) == {}
    connected.postgres("""update "BountyMetric" set "entryCount" = 77 where "bountyId" = 1 and timeframe = 'AllTime' """)
    assert drifted(connected) == {1: "changed"}


def test_a_namesake_in_another_schema(connected: Project) -> None:
    """Postgres is not asked about a table of the same name whose key is a text, neither for statistics nor for drift."""
    connected.postgres(
        """create schema other;
           create table other."BountyMetric" as
           select "bountyId"::text || 'x' as "bountyId", timeframe from public."BountyMetric";
           analyze"""
    )
    connected.dbt("run", "--select", "stg_bounty_metrics")
    assert drifted(connected) == {}
