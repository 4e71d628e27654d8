"""SQL of the figures that the report reads from the target itself; the page shows it beside them."""

RUNS = 60
"""So many of the latest runs are shown."""

QUERIES = {
    "nodes": """
select node, resource_type, max(result.started_at) as ran_at, argMax(result.status, result.started_at) as status,
    argMax(result.seconds, result.started_at) as seconds, argMax(result.message, result.started_at) as message
from {database}.run_results as result
where resource_type in ('model', 'seed', 'snapshot')
group by node, resource_type
order by node""",
    "runs": """
select run_id, any(result.started_at) as began_at, any(result.command) as command, any(result.revision) as revision,
    any(result.vars) as vars, count() as nodes, countIf(result.status in ('fail', 'error', 'skipped')) as failed,
    countIf(result.status = 'warn') as warned, sum(result.seconds) as node_seconds
from {database}.run_results as result
group by run_id
order by began_at desc
limit {runs}""",
    "published": """
select model, argMax(entry.job, entry.published_at) as job, argMax(entry.strategy, entry.published_at) as strategy,
    max(entry.published_at) as last_at, sumIf(entry.events_after, entry.run_id = entry.last_run) as events,
    sumIf(entry.total_after, entry.run_id = entry.last_run) as total,
    sumIf(entry.events_before, entry.run_id = entry.last_run) as events_before, uniqExact(entry.run_id) as times
from (
    select *, argMax(run_id, published_at) over (partition by model) as last_run
    from {database}.publish_log
    where is_counted
) as entry
group by model
order by model""",
    "events": """
select toYYYYMM(created_at) as month, entity_type,
    multiIf(version = 1, 'packages', version = 3 and user_id = -1, 'metric tables', 'live site') as writer,
    count() as events, sum(metric_value) as total
from {database}.entity_metric_events
group by month, entity_type, writer
order by month, entity_type, writer""",
    "answers": """
select
    (select count() from {database}.metric_facts) as answers,
    (select count() from {database}.competitor_metrics) as competitor_rows,
    (select count() from {database}.brand_visibility_rejects) as rejects""",
    "rejects": """
select reason, row_kind, rejected, count() as rows
from {database}.brand_visibility_rejects
group by reason, row_kind, rejected
order by rows desc, reason, row_kind, rejected""",
    "brand_days": """
select metric_date as day, sum(total_responses) as answers, sum(presence_count) as mentions
from {database}.brand_daily_metrics
group by day
order by day""",
    "users": """
select count() as users, countIf(rank is not null) as ranked, sum(followerCount) as followers, sum(uploadCount) as uploads,
    sum(reactionsReceived) as reactions, sum(downloadsReceived) as downloads, sum(generationsReceived) as generations,
    sum(tippedAmount) as tipped
from {database}.user_totals""",
    "top_users": """
select rank, engagementScore as score, followerCount as followers, uploadCount as uploads, reactionsReceived as reactions,
    downloadsReceived as downloads, generationsReceived as generations, tippedAmount as tipped
from {database}.user_totals
where rank <= 10
order by rank""",
}
"""What is read of the target, each shown beside its figures. {database} is that of the models."""
