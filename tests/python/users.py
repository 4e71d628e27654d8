"""What users have, as Postgres computes it from the rows of the site: independent of how the models come to it."""

from harness import EVENTS, Project
from packages import RULES

PACKAGES = (
    *("model_upload", "post_upload", "image_upload", "user_engagement", "buzz_tip", "donation", "image_reaction", "comment_v2"),
    *("article", "article_reaction", "bounty", "bounty_entry_reaction", "comment"),
)
OTHERS = (
    *("bounty_benefactor", "bounty_engagement", "bounty_entry", "collection_contributor", "collection_item"),
    *("image_resource_new", "resource_review", "tag_engagement", "user_reaction"),
)
"""Packages that no column is of, and three that a score is of as of any."""
STAGED = (
    *("article", "article_reaction", "bounty", "bounty_entry", "bounty_entry_reaction", "buzz_tip", "comment", "comment_v2"),
    *("donation", "donation_goal", "image", "image_reaction", "model", "model_version", "post", "thread", "user"),
    "user_engagement",
)
PUBLISHED = [*(f"{package}_events" for package in PACKAGES), *PACKAGES]
BUILT = " ".join([*(f"stg_{name}" for name in STAGED), *PUBLISHED, "user_metrics", "event_table", "totals", "user_totals"])
UNTIL = "2024-06-30"
VARS = f"{{counted_from: {{'*': source_events}}, source_events_cutoff: null, max_removed_share: 1, engagement_date: '{UNTIL}'}}"
AUDIT = "entity_metrics_dbt_test__audit"
DATABASE = "entity_metrics"
USERS = f"{DATABASE}.user_totals"

SUMS = {
    "followerCount": ("User", "followerCount"),
    "followingCount": ("User", "followingCount"),
    "hiddenCount": ("User", "hiddenCount"),
    "modelCount": ("Model", "Upload"),
    "postCount": ("Post", "Upload"),
    "imageCount": ("Image", "Upload"),
    "likesReceived": ("Image Article BountyEntry", "Like"),
    "dislikesReceived": ("Image Article BountyEntry", "Dislike"),
    "laughsReceived": ("Image Article BountyEntry", "Laugh"),
    "criesReceived": ("Image Article BountyEntry", "Cry"),
    "heartsReceived": ("Image Article BountyEntry", "Heart"),
    "downloadsReceived": ("ModelVersion", "downloadCount"),
    "generationsReceived": ("ModelVersion", "generationCount"),
    "tippedCount": ("User", "tippedCount"),
    "tippedAmount": ("User", "tippedAmount"),
    "tipsGivenCount": ("User", "tipsGivenCount"),
    "tipsGivenAmount": ("User", "tipsGivenAmount"),
    "articleCount": ("User", "articleCount"),
    "bountyCount": ("User", "bountyCount"),
    "reviewCount": ("User", "reviewCount"),
    "uploadCount": ("Model Post Image", "Upload"),
    "reactionsReceived": ("Image Article BountyEntry", "Like Dislike Laugh Cry Heart"),
}
COLUMNS = ", ".join(["user_id", *SUMS, "engagementScore", "rank"])
"""All that user_totals says of a user."""

OWNERS = """
    select 'Model' as kind, id, "userId" as owner from "Model"
    union all select 'ModelVersion', version.id, model."userId"
        from "ModelVersion" as version left join "Model" as model on model.id = version."modelId"
    union all select 'Post', id, "userId" from "Post"
    union all select 'Image', id, "userId" from "Image"
    union all select 'Article', id, "userId" from "Article"
    union all select 'BountyEntry', id, "userId" from "BountyEntry" """

WEIGHT = """
    case
        when kind = 'ModelVersion' and metric not in ('tippedCount', 'tippedAmount') then 0
        when kind = 'Post' and metric in ('Like', 'Dislike', 'Laugh', 'Cry', 'Heart', 'reactionCount') then 0
        when kind not in ('Model', 'ModelVersion', 'Post', 'Image') then 0
        when metric = 'downloadCount' then 1
        when metric = 'generationCount' then 2
        when metric = 'Heart' then 0.5
        when metric = 'commentCount' then 1.5
        else 0.1
    end"""

OF_METRIC_TABLES = """
    select 'User', "userId", -1, 'reviewCount', "reviewCount", timestamp '2025-01-21'
    from "UserMetric" where timeframe = 'AllTime'
    union all """
"""What no package has."""

DOWNLOADS = (
    OF_METRIC_TABLES
    + """
    select entity_type, entity_id, 0, metric, value, at::timestamp
    from recorded cross join lateral (values ('Model', model), ('ModelVersion', version)) as event (entity_type, entity_id)"""
)
"""Events of versions that a test has put into both databases."""


def _events(packages: tuple[str, ...] = PACKAGES) -> str:
    """Events as (kind, id, user, metric, value, at), each with the present owner of its entity; of users the user."""
    rules = " union all ".join(f"select * from ({RULES[package]}) as {package}" for package in packages)
    return f"""
        owners as ({OWNERS}),
        events as (
            select kind, events.id, metric, value, coalesce(at, '2022-11-01') as at,
                case kind when 'User' then events.id else owner end as owner
            from ({rules} union all {DOWNLOADS}) as events (kind, id, user_id, metric, value, at)
            left join owners using (kind, id)
            where metric is not null
        )"""


def users_by_postgres(project: Project, until: str) -> list[tuple[object, ...]]:
    """All users with COLUMNS, the score of the 30 days before `until` and of that day."""
    sums = ", ".join(
        f"coalesce(sum(value) filter (where kind in ({_listed(kinds)}) and metric in ({_listed(metrics)})), 0)::bigint"
        for kinds, metrics in SUMS.values()
    )
    names = ", ".join(f"n{number}" for number in range(len(SUMS)))
    downloads = f"n{[*SUMS].index('downloadsReceived')}"
    return project.postgres(f"""
        with {_events()},
        counted as (
            select "User".id, "deletedAt" is null and "bannedAt" is null and "User".id <> -1 as ranked, {sums},
                coalesce(sum(value * {WEIGHT}) filter (where at::date between date '{until}' - 30 and '{until}'), 0) as score
            from "User" left join events on events.owner = "User".id
            group by "User".id
        )
        select id, {names}, score,
            case when ranked then row_number() over (partition by ranked order by score desc, {downloads} desc, id) end
        from counted as counted (id, ranked, {names}, score)
        order by id""")


def days_by_postgres(project: Project) -> list[tuple[object, ...]]:
    """user_metric_days, without days that have nothing of it."""
    reactions = "metric in ('Like', 'Dislike', 'Laugh', 'Cry', 'Heart') and kind in ('Image', 'Article', 'BountyEntry')"
    conditions = (
        ("value", "kind = 'User' and metric = 'followerCount' and value > 0"),
        ("-value", "kind = 'User' and metric = 'followerCount' and value < 0"),
        ("value", "metric = 'Upload'"),
        ("value", reactions),
        ("value", "kind = 'ModelVersion' and metric = 'downloadCount'"),
        ("value", "kind = 'ModelVersion' and metric = 'generationCount'"),
    )
    sums = ", ".join(f"coalesce(sum({value}) filter (where {condition}), 0)::bigint" for value, condition in conditions)
    return project.postgres(f"""
        with {_events()}, days as (
            select owner, at::date as day, {sums}, sum(value * {WEIGHT}) as score
            from events where owner is not null group by 1, 2
        )
        select * from days as days (owner, day, a, b, c, d, e, f, score)
        where (a, b, c, d, e, f, score) <> (0, 0, 0, 0, 0, 0, 0) order by owner, day""")


def cohorts_by_postgres(project: Project) -> list[tuple[object, ...]]:
    """upload_cohorts."""
    uploads = ("model_upload", "post_upload", "image_upload")
    return project.postgres(f"""
        with {_events(uploads)},
        months as (
            select distinct owner, date_trunc('month', at)::date as month from events where owner <> -1 and metric = 'Upload'
        ),
        firsts as (select owner, min(month) as cohort from months group by 1),
        cells as (
            select cohort, n, count(distinct firsts.owner) as users, count(months.owner) as active
            from firsts
            cross join generate_series(0, 200) as n
            left join months on months.owner = firsts.owner and months.month = (cohort + n * interval '1 month')::date
            where cohort + n * interval '1 month' <= (select max(month) from months)
            group by 1, 2
        )
        select cohort, n, users, active, trunc(active::numeric / users, 4) from cells order by 1, 2""")


def _listed(words: str) -> str:
    return ", ".join(f"'{word}'" for word in words.split())


def refresh(project: Project, *rooms: str, variables: str = VARS) -> None:
    project.dbt_here("run", "--select", *rooms, "user_totals", "--vars", variables)


def refresh_users(project: Project, *rooms: str) -> list[int]:
    """Refresh them. Returns who was counted again."""
    refresh(project, *rooms)
    return [user for (user,) in project.rows(f"select user_id from {DATABASE}.touched_users order by 1")]


def record(project: Project, *versions: tuple[int, int, str, int, str]) -> None:
    """Put events into both databases: (model, version, metric, value, UTC time), for the model and the version."""
    for model, version, metric, value, at in versions:
        project.postgres(f"insert into recorded values ({model}, {version}, '{metric}', {value}, '{at}')")
        project.rows(
            f"insert into {EVENTS} values ('Model', {model}, 0, '{metric}', {value}, '{at}', 2),"
            f" ('ModelVersion', {version}, 0, '{metric}', {value}, '{at}', 2)"
        )


def versions(project: Project, many: int) -> list[tuple[int, int]]:
    """Models with an owner who may have a rank, and a version of each."""
    return project.postgres(f"""
        select model.id, min(version.id) from "Model" as model join "ModelVersion" as version on version."modelId" = model.id
        join "User" as owner on owner.id = model."userId"
        where owner."deletedAt" is null and owner."bannedAt" is null and owner.id > 0 group by 1 order by 1 limit {many}""")


def as_postgres_has_them(project: Project) -> list[tuple[object, ...]]:
    """Compare all of it. Returns the users."""
    assert {*RULES} == {*PACKAGES, *OTHERS}
    users = project.rows(f"select {COLUMNS} from {USERS} order by user_id")
    assert users == users_by_postgres(project, UNTIL)
    nothing = "(0, 0, 0, 0, 0, 0, 0)"
    columns = (
        "followersGained, followersLost, uploads, reactionsReceived, downloadsReceived, generationsReceived, engagementScore"
    )
    days = project.rows(
        f"select user_id, day, {columns} from {DATABASE}.user_metric_days where ({columns}) != {nothing} order by user_id, day"
    )
    assert days == days_by_postgres(project) != []
    cohorts = project.rows(f"select * from {DATABASE}.upload_cohorts order by 1, 2")
    assert cohorts == cohorts_by_postgres(project) != []
    return users
