"""How a batch of events comes into the event table, once."""

from clickhouse_connect.driver.binding import quote_identifier
from clickhouse_connect.driver.client import Client

COLUMNS = {
    "entityType": "String",
    "entityId": "Int32",
    "userId": "Int32",
    "metricType": "String",
    "metricValue": "Int32",
    "createdAt": "DateTime('UTC')",
    "version": "UInt8",
}
"""The event table's columns, as the lines of a segment have them. A line may have more."""


class Writer:
    """Inserts batches of lines of JSON. Not for several threads at once."""

    def __init__(self, clickhouse: Client, database: str, table: str, models: str | None = None) -> None:
        """database, table: of the event table, such as `entityMetricEvents_new`; models: the models' database, if another."""
        self._client = clickhouse
        self._table = f"{quote_identifier(database)}.{quote_identifier(table)}"
        self._where = {"database": database, "table": table}
        self._models = quote_identifier(models or database)
        self._settings: dict[str, str] | None = None
        self._deduplicates = False

    def insert(self, lines: bytes, token: str, again: bool = False) -> None:
        """Insert the events. An insert is waited for, and comes into the table whole or not at all.

        lines: of one month, at most some ten thousand. token: the batch's name, by which the table's engine knows a repetition.
        again: whether the batch may be in the table already; where the engine deduplicates nothing, the table is searched for it.
        Raises what clickhouse-connect raises; whether the events came in is unknown then.
        """
        settings = self._learn()
        if again and not self._deduplicates and self._is_there(lines):
            return
        self._client.raw_insert(
            self._table,
            column_names=list(COLUMNS),
            insert_block=lines,
            fmt="JSONEachRow",
            settings=settings | {"insert_deduplication_token": token},
        )

    def excluded_users(self) -> frozenset[int]:
        """The users whose events do not count, as the views leave them out."""
        return frozenset(user for (user,) in self._client.query(f"select user_id from {self._models}.excluded_users").result_rows)

    def _learn(self) -> dict[str, str]:
        """The settings that this engine has, and whether the table's engine deduplicates."""
        if self._settings is None:
            rows = self._client.query(
                "select engine, engine_full from system.tables where database = {database:String} and name = {table:String}",
                parameters=self._where,
            ).result_rows
            engine, full = rows[0] if rows else ("", "")
            self._deduplicates = engine.startswith(("Replicated", "Shared")) or "non_replicated_deduplication_window" in full
            wanted = {
                "async_insert": "1",
                "wait_for_async_insert": "1",
                "input_format_skip_unknown_fields": "1",
                "date_time_input_format": "best_effort",
            }
            if self._deduplicates:
                wanted |= {"async_insert_deduplicate": "1", "insert_deduplicate": "1", "deduplicate_insert": "enable"}
            known = self._client.query(
                "select name from system.settings where name in {names:Array(String)}", parameters={"names": list(wanted)}
            ).result_rows
            self._settings = {name: wanted[name] for (name,) in known}
        return self._settings

    def _is_there(self, lines: bytes) -> bool:
        """Whether the table has each event of the batch at least as often as the batch."""
        columns = ", ".join(COLUMNS)
        structure = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        sql = f"""
            with batch as (
                select {columns}, count() as copies
                from format('JSONEachRow', %(structure)s, %(lines)s)
                group by {columns}
            )
            select count()
            from batch
            left join (
                select {columns}, count() as found
                from {self._table}
                where (entityType, entityId) in (select entityType, entityId from batch)
                    and createdAt between (select min(createdAt) from batch) and (select max(createdAt) from batch)
                group by {columns}
            ) as present using ({columns})
            where present.found < batch.copies
        """
        # The batch is a part of the query's text, since an address can take a few kilobytes only.
        parameters = {"structure": structure, "lines": lines.decode()}
        settings = {"max_query_size": 2 * len(lines) + 100_000}
        return not self._client.query(sql, parameters=parameters, settings=settings).result_rows[0][0]
