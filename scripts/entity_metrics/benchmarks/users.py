"""Users: all, ten thousand touched, nobody touched; and reading a thousand of them. `rows` are content, five a user."""

from typing import Any

from entity_metrics.benchmarks.lookups import IDS, empty_cache, percentiles
from entity_metrics.benchmarks.models import EVENT_TABLE, create_event_table, dbt, elapsed, wait_for_merges
from entity_metrics.jobs import folder_of
from entity_metrics.serving import EntityMetrics
from entity_metrics.serving.reader import Reader
from entity_metrics.target import Target

SOURCE = None
TABLES = "content of users"
REPEAT = 3
MONTHS = 25
EVENTS = 6
"""Of each thing, each of another quantity."""
TOUCHED = 10_000
READS = 300
CACHED = 100 * IDS
"""Users that are stored before cached ones are read."""

SHARES = {"Model": 0.1, "ModelVersion": 0.15, "Post": 0.25, "Image": 0.45, "Article": 0.03, "BountyEntry": 0.02}
QUANTITIES = {
    "Model": ["downloadCount", "generationCount", "commentCount", "Upload", "tippedCount", "tippedAmount"],
    "ModelVersion": ["downloadCount", "generationCount", "thumbsUpCount", "imageCount", "ratingCount", "earnedAmount"],
    "Post": ["Like", "Heart", "reactionCount", "Upload", "commentCount", "collectedCount"],
    "Image": ["Like", "Heart", "Laugh", "commentCount", "Upload", "Collection"],
    "Article": ["Like", "Heart", "Laugh", "Cry", "commentCount", "viewCount"],
    "BountyEntry": ["Like", "Heart", "Laugh", "Cry", "tippedCount", "tippedAmount"],
    "User": ["followerCount", "followingCount", "tippedCount", "tippedAmount", "tipsGivenCount", "hiddenCount"],
}
TIME = "Nullable(DateTime64(6, 'UTC'))"


def build(rows: int) -> int:
    """Nothing in Postgres."""
    return rows


def fill(target: Target, rows: int) -> None:
    """The staged tables, and an event table with EVENTS events of each thing and of each fifth user, over the last months."""
    users = max(rows // 5, 1)
    database = target.database
    target.command(
        f"create table {database}.stg_user engine = MergeTree order by id as select toInt32(number + 1) as id,"
        f" cast(if(number % 29 = 5, now(), null), '{_escaped(TIME)}') as deletedAt, cast(null, '{_escaped(TIME)}') as bannedAt"
        f" from numbers({users})"
    )
    models = max(int(rows * SHARES["Model"]), 1)
    for entity_type, share in SHARES.items():
        owner = f"toInt32(1 + sipHash64(number, '{entity_type}') % {users}) as userId"
        columns = f"toInt32(1 + sipHash64(number) % {models}) as modelId" if entity_type == "ModelVersion" else owner
        target.command(
            f"create table {database}.stg_{folder_of(entity_type)[:-1]} engine = MergeTree order by id"
            f" as select toInt32(number + 1) as id, {columns} from numbers({max(int(rows * share), 1)})"
        )
    table = create_event_table(target)
    for entity_type, metrics in QUANTITIES.items():
        for number, metric in enumerate(metrics):
            target.command(
                f"insert into {table} select '{entity_type}', toInt32(number + 1), 7, '{metric}', 1 + h % 3,"
                f" now() - h % ({MONTHS} * 30 * 86400), 2 from (select number, sipHash64(number, {number}) as h"
                f" from numbers({max(int(rows * SHARES.get(entity_type, 0.04)), 1)}))"
                " settings max_partitions_per_insert_block = 0"
            )


def _escaped(text: str) -> str:
    return text.replace("'", "\\'")


def record(target: Target, rows: int) -> dict[str, Any]:
    """Count users, then change events of images and refresh, then owners, then nothing, three times."""
    fill(target, rows)
    dbt("run", "--select", "event_table", "totals")
    seconds = {"first build": elapsed(dbt("build", "--select", "user_totals"))}
    database = target.database
    steps: dict[str, list[float]] = {"events of 10,000 users": [], "owners of 5,000 images": [], "nothing changed": []}
    touched = []
    for look in range(REPEAT):
        target.command(
            f"insert into {database}.{EVENT_TABLE} select 'Image', any(id), 9, 'Like', 1, now(), 2 from {database}.stg_image"
            f" where userId % {max(rows // 5 // TOUCHED, 1)} = {look} group by userId"
        )
        dbt("run", "--select", "totals")
        steps["events of 10,000 users"].append(elapsed(dbt("build", "--select", "user_totals")))
        touched.append(target.value(f"select count() from {database}.touched_users"))
        target.command(
            f"alter table {database}.stg_image update userId = userId % {max(rows // 5, 1)} + 1"
            f" where id % {max(int(rows * SHARES['Image']) // (TOUCHED // 2), 1)} = {look} settings mutations_sync = 2"
        )
        steps["owners of 5,000 images"].append(elapsed(dbt("build", "--select", "user_totals")))
        steps["nothing changed"].append(elapsed(dbt("build", "--select", "user_totals")))
    seconds |= {step: sorted(took)[REPEAT // 2] for step, took in steps.items()}
    dbt("run", "--select", "lookups")
    seconds |= reads(target, max(rows // 5, IDS))
    made = {word: target.value(f"select count() from {database}.{table}") for word, table in MADE.items()}
    return {"seconds": seconds, "repeat": REPEAT, "made": made | {"touched users": sorted(touched)[REPEAT // 2]}}


MADE = {"users": "user_totals", "totals": "metric_totals"}


def reads(target: Target, users: int) -> dict[str, float]:
    """Seconds to read a thousand users by their ids: from the table by the query of lookups, and from the cache."""
    wait_for_merges(target)
    reader = Reader(target.client._client, target.database)
    seconds = percentiles("1,000 users from the table", reader.user_metrics, users, READS)
    with empty_cache() as cache:
        get = EntityMetrics(reader, cache).get_user_metrics
        cached = min(users, CACHED)
        for first in range(1, cached, IDS):
            get(range(first, first + IDS))
        return seconds | percentiles("1,000 users from the cache", get, cached, READS)
