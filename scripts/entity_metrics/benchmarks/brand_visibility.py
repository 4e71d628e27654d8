"""The brand visibility job, end to end."""

import math

from entity_metrics import sample_site
from entity_metrics.benchmarks.models import dbt, elapsed
from entity_metrics.benchmarks.postgres import connect, copy_statement
from entity_metrics.jobs.brand_visibility import TABLES as JOB_TABLES

SOURCE = "brand_visibility"
TABLES = "extracted_positions"
TESTS = ["brand_visibility,test_type:data"]
MADE = {
    "answers": ["metric_facts"],
    "rows": [*JOB_TABLES, "brand_visibility_rejects"],
}

ROWS_AN_ANSWER = 6
BASE_ANSWERS = 20_000
"""At most so many answers are made by the sample's own SQL; more are copies of these under other ids."""

POSITIONS = "brand_visibility.extracted_positions"


def build(rows: int) -> int:
    """Make the schema anew, unless an earlier benchmark left one of that size. Returns its rows, about so many."""
    answers = max(rows // ROWS_AN_ANSWER, 1)
    copies = math.ceil(answers / BASE_ANSWERS)
    base = answers // copies
    size = f"{answers} answers"
    with connect(SOURCE) as connection:
        there = connection.execute("select obj_description(to_regnamespace('brand_visibility'), 'pg_namespace')").fetchone()
        if there != (size,):
            connection.execute("drop schema if exists brand_visibility cascade")
            with connection.transaction():
                sample_site.fill_brand_visibility(connection, base)
                columns = [
                    row[0]
                    for row in connection.execute(
                        "select quote_ident(column_name) from information_schema.columns where table_schema = 'brand_visibility'"
                        " and table_name = 'extracted_positions' and column_name not in ('id', 'collector_result_id')"
                    )
                ]
                listed = ", ".join(columns)
                connection.execute(
                    f"insert into {POSITIONS} (collector_result_id, {listed})"
                    f" select collector_result_id + 1000000 * copy, {listed}"
                    f" from generate_series(1, {copies - 1}) as copy, {POSITIONS}"
                    " where collector_result_id < 1000000 order by copy, id".encode()
                )
                connection.execute(f"comment on schema brand_visibility is '{size}'".encode())
            connection.execute(f"vacuum analyze {POSITIONS}".encode())
        counted = connection.execute(f"select count(*) from {POSITIONS}".encode()).fetchone()
    return counted[0] if counted else 0


def copy_statements() -> list[str]:
    return [copy_statement("extracted_positions", source=SOURCE)]


def run_models() -> dict[str, float]:
    """Seconds of pulling, of settling and of the tables made of that; of all models."""
    nodes = dbt("run", "--select", SOURCE)
    staging = elapsed(nodes, "stg_extracted_positions", "stg_brand_competitors")
    settling = elapsed(nodes, "settled_positions")
    every = elapsed(nodes)
    return {"staging": staging, "settling": settling, "tables": every - staging - settling, "staging + settling + tables": every}
