"""What tests ask again and again: of the event table, and of Bounty's slice in it."""

from typing import Any

EVENTS = "entity_metrics.entityMetricEvents_new"


class EventTable:
    """The event table of a project's target, as a project has it."""

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a statement in the target."""
        raise NotImplementedError

    def postgres(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a statement in the source."""
        raise NotImplementedError

    def create_event_table(
        self,
        engine: str = "MergeTree",
        created_at: str = "DateTime",
        order_by: str = "entityType, entityId, createdAt",
        partition_by: str = "toYYYYMM(createdAt)",
        index: str = "",
        settings: str = "",
    ) -> None:
        """The event table as the live site may have it."""
        self.rows("create database if not exists entity_metrics")
        self.rows(
            f"create table {EVENTS} (entityType LowCardinality(String), entityId Int32, userId Int32,"
            f" metricType LowCardinality(String), metricValue Int32, createdAt {created_at}, version UInt8 default 2"
            f"{', ' + index if index else ''}) engine = {engine} partition by {partition_by} order by ({order_by})"
            f"{' settings ' + settings if settings else ''}"
        )

    def add_live_events(self) -> None:
        """Rows that no backfill of Bounty may touch: in the slice's partition, and alike in all but one thing."""
        self.rows(
            f"insert into {EVENTS} values"
            " ('Bounty', 1, 7, 'favoriteCount', 1, '2025-01-21 00:00:00', 2),"
            " ('Bounty', 1, -1, 'favoriteCount', 1, '2025-01-21 00:00:00', 2),"
            " ('Bounty', 1, 7, 'favoriteCount', 1, '2025-01-21 00:00:00', 3),"
            " ('Bounty', 1, -1, 'liveOnly', 5, '2025-01-21 10:00:00', 3),"
            " ('Bounty', 1, -1, 'favoriteCount', 1, '2025-01-21 00:00:00', 4),"
            " ('BountyEntry', 1, -1, 'unitAmount', 1, '2025-01-21 00:00:00', 3),"
            " ('Image', 1, 9, 'ReactionLike', 1, '2024-06-01 12:00:00', 2)"
        )

    def outside(self, slice_condition: str = "") -> list[tuple[Any, ...]]:
        """All events that are not in Bounty's slice."""
        condition = slice_condition or (
            "entityType = 'Bounty' and version = 3 and userId = -1 and metricType in ("
            "'favoriteCount', 'trackCount', 'entryCount', 'benefactorCount', 'unitAmount', 'commentCount')"
        )
        return self.rows(f"select * from {EVENTS} where not ({condition}) order by all")

    def bounty_slice(self) -> list[tuple[Any, ...]]:
        """(entityId, metricType, metricValue) of Bounty's slice in the event table."""
        return self.rows(
            f"select entityId, toString(metricType), metricValue from {EVENTS}"
            " where entityType = 'Bounty' and version = 3 and userId = -1 and metricType in ("
            "'favoriteCount', 'trackCount', 'entryCount', 'benefactorCount', 'unitAmount', 'commentCount') order by all"
        )

    def bounty_source(self) -> list[tuple[Any, ...]]:
        """What Bounty's slice must be, asked of Postgres itself."""
        columns = {
            "favoriteCount": "favoriteCount",
            "trackCount": "trackCount",
            "entryCount": "entryCount",
            "benefactorCount": "benefactorCount",
            "unitAmountCount": "unitAmount",
            "commentCount": "commentCount",
        }
        branches = [
            f"""select "bountyId", '{metric}', "{column}" from "BountyMetric" where timeframe = 'AllTime' and "{column}" <> 0"""
            for column, metric in columns.items()
        ]
        return sorted(self.postgres(" union all ".join(branches)))
