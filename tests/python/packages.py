"""The rules of the packages once more, as Postgres would have them, and what their events must be."""

from entity_metrics import PROJECT
from harness import EVENTS, Nodes, Project

PACKAGES = tuple(
    sorted(
        path.stem
        for path in (PROJECT / "models/source_events").glob("*.sql")
        if path.with_name(f"{path.stem}_events.sql").exists()
    )
)
FROM_SOURCES = "{counted_from: {'*': source_events}}"
"""The var that gives all shared quantities to the packages: without it the metric tables count them."""

CUTOFF = 1723045479044
"""2024-08-07 15:44:39.044 in milliseconds."""

# EntityType, entityId, userId, metricType, metricValue and the time. Rows
# without an entity, without a metric, or with a value of zero are no events; a missing user is 0, a missing time 2022-11-01.
RULES = {
    "buzz_tip": """
        select entity_type, entity_id, "fromUserId", metric, value, "createdAt"
        from "BuzzTip"
        cross join lateral (
            select replace("entityType", 'bounty', 'Bounty'), case when "entityType" <> 'User' then "entityId" end
        ) as tipped (kind, id)
        cross join lateral (values
            ('User', "toUserId", 'tippedCount', 1),
            ('User', "toUserId", 'tippedAmount', amount),
            ('User', "fromUserId", 'tipsGivenCount', 1),
            ('User', "fromUserId", 'tipsGivenAmount', amount),
            (tipped.kind, tipped.id, 'tippedCount', 1),
            (tipped.kind, tipped.id, 'tippedAmount', amount)
        ) as event (entity_type, entity_id, metric, value)""",
    "collection_item": """
        select entity_type, entity_id, "addedById", metric, 1, coalesce("createdAt", "updatedAt")
        from "CollectionItem" cross join lateral (values
            ('Collection', "collectionId", 'itemCount'),
            ('Model', "modelId", 'collectedCount'),
            ('Post', "postId", 'collectedCount'),
            ('Article', "articleId", 'collectedCount'),
            ('Image', "imageId", 'Collection')
        ) as event (entity_type, entity_id, metric)""",
    "comment_v2": """
        select entity_type, entity_id, "userId", 'commentCount', 1, "createdAt"
        from "CommentV2" as comment join "Thread" as thread on thread.id = comment."threadId"
        cross join lateral (values
            ('Post', "postId"), ('Image', "imageId"), ('Article', "articleId"), ('Bounty', "bountyId")
        ) as event (entity_type, entity_id)""",
    "resource_review": """
        select entity_type, entity_id, "userId", metric, 1, "createdAt"
        from "ResourceReview" cross join lateral (values
            ('Model', "modelId", 'ratingCount'),
            ('Model', "modelId", case when recommended then 'thumbsUpCount' else 'thumbsDownCount' end),
            ('ModelVersion', "modelVersionId", 'ratingCount'),
            ('ModelVersion', "modelVersionId", case when recommended then 'thumbsUpCount' else 'thumbsDownCount' end)
        ) as event (entity_type, entity_id, metric)
        where not (exclude or "tosViolation")""",
    "image_reaction": """
        select entity_type, entity_id, reaction."userId", metric, 1, reaction."createdAt"
        from "ImageReaction" as reaction join "Image" as image on image.id = "imageId"
        cross join lateral (values
            ('Image', "imageId", reaction::text),
            ('Post', "postId", reaction::text),
            ('Post', "postId", 'reactionCount')
        ) as event (entity_type, entity_id, metric)""",
    "article_reaction": """
        select entity_type, entity_id, reaction."userId", metric, 1, reaction."createdAt"
        from "ArticleReaction" as reaction join "Article" as article on article.id = "articleId"
        cross join lateral (values ('Article', "articleId", reaction::text)) as event (entity_type, entity_id, metric)""",
    "bounty_entry_reaction": """
        select entity_type, entity_id, reaction."userId", metric, 1, reaction."createdAt"
        from "BountyEntryReaction" as reaction join "BountyEntry" as entry on entry.id = "bountyEntryId"
        cross join lateral (values ('BountyEntry', "bountyEntryId", reaction::text)) as event (entity_type, entity_id, metric)""",
    "user_reaction": """
        select 'User', image."userId", reaction."userId", 'reactionCount', 1, reaction."createdAt"
        from "ImageReaction" as reaction join "Image" as image on image.id = "imageId"
        union all
        select 'User', article."userId", reaction."userId", 'reactionCount', 1, reaction."createdAt"
        from "ArticleReaction" as reaction join "Article" as article on article.id = "articleId"
        union all
        select 'User', entry."userId", reaction."userId", 'reactionCount', 1, reaction."createdAt"
        from "BountyEntryReaction" as reaction join "BountyEntry" as entry on entry.id = "bountyEntryId" """,
    "user_engagement": """
        select 'User', "userId", "userId", 'followingCount', 1, "createdAt" from "UserEngagement" where type = 'Follow'
        union all
        select 'User', "targetUserId", "userId", case type when 'Follow' then 'followerCount' when 'Hide' then 'hiddenCount' end,
            1, "createdAt"
        from "UserEngagement" """,
    "tag_engagement": """
        select 'Tag', "tagId", "userId", case type when 'Follow' then 'followerCount' when 'Hide' then 'hiddenCount' end,
            1, "createdAt"
        from "TagEngagement" """,
    "bounty_engagement": """
        select 'Bounty', "bountyId", "userId", case type when 'Favorite' then 'favoriteCount' when 'Track' then 'trackCount' end,
            1, "createdAt"
        from "BountyEngagement" """,
    "collection_contributor": """
        select 'Collection', "collectionId", "userId", metric, 1, coalesce("createdAt", "updatedAt")
        from "CollectionContributor" cross join lateral (values
            ('followerCount', 'VIEW'::"CollectionContributorPermission"), ('contributorCount', 'ADD')
        ) as event (metric, permission)
        where permission = any (permissions)""",
    "bounty_benefactor": """
        select entity_type, entity_id, "userId", metric, value, at
        from "BountyBenefactor" cross join lateral (values
            ('Bounty', "bountyId", 'benefactorCount', 1, "createdAt"),
            ('Bounty', "bountyId", 'unitAmount', "unitAmount", "createdAt"),
            ('BountyEntry', "awardedToId", 'unitAmount', "unitAmount", coalesce("awardedAt", "updatedAt"))
        ) as event (entity_type, entity_id, metric, value, at)""",
    "image_resource_new": """
        select entity_type, entity_id, image."userId", 'imageCount', 1, image."createdAt"
        from "ImageResourceNew" join "Image" as image on image.id = "imageId"
        join "ModelVersion" as version on version.id = "modelVersionId"
        cross join lateral (values ('Model', "modelId"), ('ModelVersion', "modelVersionId")) as event (entity_type, entity_id)""",
    "donation": """
        select 'ModelVersion', goal."modelVersionId", donation."userId", metric, value, donation."createdAt"
        from "Donation" as donation join "DonationGoal" as goal on goal.id = "donationGoalId"
        cross join lateral (values ('tippedCount', 1), ('tippedAmount', amount)) as event (metric, value)""",
    "comment": """
        select 'Model', "modelId", "userId", 'commentCount', 1, "createdAt" from "Comment" where not "tosViolation" """,
    "article": """
        select 'User', "userId", "userId", 'articleCount', 1, "publishedAt" from "Article" where "publishedAt" is not null""",
    "bounty": """select 'User', "userId", "userId", 'bountyCount', 1, "createdAt" from "Bounty" """,
    "model_upload": """
        select 'Model', id, "userId", 'Upload', 1, "createdAt" from "Model" where "deletedAt" is null""",
    "post_upload": """select 'Post', id, "userId", 'Upload', 1, "createdAt" from "Post" """,
    "image_upload": """select 'Image', id, "userId", 'Upload', 1, "createdAt" from "Image" """,
    "bounty_entry": """select 'Bounty', "bountyId", "userId", 'entryCount', 1, "createdAt" from "BountyEntry" """,
}

Event = tuple[str, int, int, str, int, int]
"""entityType, entityId, userId, metricType, metricValue; createdAt in seconds, or in milliseconds where it says so."""


def expected(project: Project, package: str) -> list[Event]:
    """All events of the package, with milliseconds."""
    if package not in RULES:
        return expected_from_clickhouse(project)[package]
    return project.postgres(f"""
        select entity_type, entity_id, coalesce(user_id, 0), metric, value,
            (extract(epoch from coalesce(at, '2022-11-01')) * 1000)::bigint
        from ({RULES[package]}) as events (entity_type, entity_id, user_id, metric, value, at)
        where entity_id is not null and metric is not null and value <> 0""")


def expected_from_clickhouse(project: Project) -> dict[str, list[Event]]:
    """The same of the three packages whose source is in ClickHouse. An unknown version has no model."""
    model_of = dict(project.postgres("""select id, "modelId" from "ModelVersion" """))
    downloads = project.rows(
        "select modelId, modelVersionId, userId, toUnixTimestamp(time) * 1000"
        " from default.modelVersionEvents where toString(type) = 'Download'"
    )
    jobs = project.rows(
        "select toString(jobType), resourcesUsed, userId, toUnixTimestamp64Milli(createdAt) from orchestration.jobs"
    )
    latest = {}
    for day, version, total, _ in sorted(
        project.rows(
            "select toUnixTimestamp(date) * 1000, modelVersionId, total, updated_at from default.buzz_resource_compensation"
        ),
        key=lambda row: row[3],
    ):
        latest[day, version] = total
    generations = [
        (version, user, at)
        for kind, versions, user, at in jobs
        if kind in ("TextToImageV2", "TextToImage", "Comfy")
        for version in versions
    ]

    def both(metric: str, model: int | None, version: int, user: int, value: int, at: int) -> list[Event]:
        of_model = [("Model", model, user, metric, value, at)] if model is not None else []
        return [*of_model, ("ModelVersion", version, user, metric, value, at)] if value else []

    return {
        "model_version_events": [e for m, v, user, at in downloads for e in both("downloadCount", m, v, user, 1, at)],
        "orchestration_jobs": [
            e for v, user, at in generations for e in both("generationCount", model_of.get(v), v, user, 1, at)
        ],
        "buzz_resource_compensation": [
            e for (day, v), total in latest.items() for e in both("earnedAmount", model_of.get(v), v, 0, total, day)
        ],
    }


def in_seconds(events: list[Event], before: int | None = None) -> list[Event]:
    """Sorted, with seconds as the event table has them. before: only those before this time in milliseconds."""
    return sorted((*event[:5], event[5] // 1000) for event in events if before is None or event[5] < before)


def events_in(project: Project, table: str, condition: str = "version = 1") -> list[Event]:
    return sorted(
        project.rows(
            "select toString(entityType), entityId, userId, toString(metricType), metricValue, toUnixTimestamp(createdAt)"
            f" from {table} where {condition}"
        )
    )


def published_as_expected(project: Project, *packages: str, before: int | None = CUTOFF) -> bool:
    """Whether the packages' models hold all their events, and the event table those before the cutoff and none besides."""
    wanted = []
    for package in packages:
        events = expected(project, package)
        assert events_in(project, f"entity_metrics.{package}_events", "true") == in_seconds(events) != [], package
        wanted += events
    metrics = "', '".join({f"{event[0]} {event[3]}".replace("\\", "\\\\").replace("'", "\\'") for event in wanted})
    condition = f"version = 1 and entityType || ' ' || metricType in ('{metrics}')"
    return events_in(project, EVENTS, condition) == in_seconds(wanted, before)


def data_tests(project: Project, *selected: str, variables: str = FROM_SOURCES) -> Nodes:
    """Run the data tests of what is selected. Of packages: of the event model and of the node that publishes it."""
    names = [name for one in selected for name in ([f"{one}_events", one] if one in PACKAGES else [one])]
    done = project.dbt_here("test", "--select", *names, "--exclude-resource-type", "unit_test", "--vars", variables, ok=None)
    assert not done.that("error", "skipped", "runtime error"), done.errors
    return done
