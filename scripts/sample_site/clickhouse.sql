-- The site's own ClickHouse tables that metrics depend on, with the columns, engines and orders that the site's database has, and rows for
-- the model versions of the sample site and for some that it lacks. A table that has rows is left as it is.
-- The names :source_database, :events_database and :orchestration_database are filled in by the script that runs this.

create database if not exists :events_database;

create database if not exists :orchestration_database;

create table if not exists :events_database.modelVersionEvents (
    type Enum8('Create' = 1, 'Publish' = 2, 'Download' = 3, 'Unpublish' = 4, 'HideDownload' = 5),
    time DateTime,
    userId Int32 default 0,
    modelId Int32,
    modelVersionId Int32,
    nsfw Bool,
    ip String,
    userAgent String,
    createdDate Date materialized toDate(time),
    earlyAccess Bool,
    deviceId String
)
engine = MergeTree
partition by toYYYYMM(createdDate)
order by (time, type, modelId, modelVersionId);

create table if not exists :orchestration_database.jobs (
    jobId String,
    userId Int32,
    jobType LowCardinality(String),
    createdAt DateTime64(3),
    completedAt DateTime64(3),
    provider String,
    issuedBy String,
    cost Float64,
    creatorsTip Nullable(Float64),
    resourcesUsed Array(Int32),
    remixOfId Nullable(String),
    serviceUpgradeFee Nullable(Int16),
    claimDuration Float32,
    blobsCount Int16 default 0
)
engine = MergeTree
order by createdAt;

create table if not exists :events_database.buzz_resource_compensation (
    date DateTime,
    modelVersionId Int32,
    comp UInt32,
    tip UInt32,
    total UInt32,
    updated_at DateTime,
    count Int32,
    final Bool
)
engine = ReplacingMergeTree(updated_at)
order by (date, modelVersionId);

-- Events of every version: its creation and publication, and up to 11 more, mostly downloads, some of them by users 0 (anonymous, told
-- apart by ip only), -1 and 490053, and every 41st in the second in which the site began to write events. An anonymous client that
-- downloads twice in one second leaves two equal rows. Two versions are in no table.
insert into :events_database.modelVersionEvents
    (type, time, userId, modelId, modelVersionId, nsfw, ip, userAgent, earlyAccess, deviceId)
with
    versions as (
        select
            id,
            modelId
        from :source_database.ModelVersion
        union all
        select
            1900000001,
            1900000001
        union all
        select
            1900000002,
            1
    ),
    numbered as (
        select
            id,
            modelId,
            arrayJoin(range(2 + sipHash64(id) % 12)) as n,
            sipHash64(id, if(n = 8, 7, n)) as hash
        from versions
    )
select
    multiIf(n = 0, 'Create', n = 1, 'Publish', hash % 15 = 0, 'HideDownload', hash % 15 = 1, 'Unpublish', 'Download'),
    if(
        hash % 41 = 0,
        toDateTime('2024-08-07 15:44:39', 'UTC'),
        toDateTime('2022-11-01 00:00:00', 'UTC') + intDiv(hash, 41) % 73526400
    ),
    multiIf(hash % 7 = 2, 0, hash % 29 = 3, -1, hash % 31 = 4, 490053, 1 + intDiv(hash, 7) % 70),
    modelId,
    id,
    hash % 5 = 0,
    concat('198.51.100.', toString(intDiv(hash, 11) % 250)),
    'Mozilla/5.0',
    hash % 25 = 3,
    if(hash % 3 = 0, '', concat('device', toString(intDiv(hash, 13) % 1000)))
from numbered
where (select count() from :events_database.modelVersionEvents) = 0;

-- Jobs, four for every version: without resources, with one to four, with one version twice, with versions that no table has, among them
-- those that some of the site's own programs leave out; by users 0 and -1, too, and of types that are no generation.
insert into :orchestration_database.jobs
    (
        jobId, userId, jobType, createdAt, completedAt, provider, issuedBy, cost, creatorsTip, resourcesUsed, remixOfId,
        serviceUpgradeFee, claimDuration, blobsCount
    )
with
    (select arraySort(groupArray(id)) from :source_database.ModelVersion) as ids,
    jobs as (
        select
            number,
            sipHash64(number, 1) as hash,
            if(
                number % 41 = 7,
                toDateTime64('2024-08-07 15:44:39', 3, 'UTC') + toIntervalMillisecond([0, 43, 44, 45, 999][1 + intDiv(number, 41) % 5]),
                toDateTime64('2022-11-01 00:00:00', 3, 'UTC') + toIntervalMillisecond(sipHash64(number, 2) % 73526400000)
            ) as created,
            arrayMap(n -> ids[1 + sipHash64(number, n) % length(ids)], range(3, 4 + hash % 4)) as versions
        from numbers(4 * length(ids))
    )
select
    concat('job', toString(number)),
    multiIf(number % 17 = 3, 0, number % 19 = 4, -1, 1 + intDiv(hash, 4) % 70),
    multiIf(
        number % 10 < 5, 'TextToImageV2',
        number % 10 < 7, 'TextToImage',
        number % 10 = 7, 'Comfy',
        number % 10 = 8, 'comfyVideoGen',
        'ImageTraining'
    ),
    created,
    created + toIntervalMillisecond(1500 + intDiv(hash, 100) % 60000),
    if(hash % 2 = 0, 'OctoML', 'RunPod'),
    'sample',
    1 + hash % 900 / 100,
    if(hash % 3 = 0, hash % 50 / 10, null),
    multiIf(
        number % 23 = 0, [],
        number % 23 = 1, arrayPushBack(versions, versions[1]),
        number % 23 = 2, arrayPushBack(versions, 1900000001),
        number % 23 = 3, [1900000001, 1900000002],
        number % 23 = 4, arrayPushBack(versions, [250708, 250712, 106916, 391999, 424706][1 + intDiv(number, 23) % 5]),
        versions
    ),
    if(hash % 40 = 0, concat('image', toString(hash % 1000)), null),
    if(hash % 20 = 0, 5, null),
    hash % 1000 / 100,
    if(number % 4 = 1, 0, 1 + intDiv(hash, 8) % 4)
from jobs
where (select count() from :orchestration_database.jobs) = 0;

-- Compensations, by day and version: first a preliminary amount ...
insert into :events_database.buzz_resource_compensation (date, modelVersionId, comp, tip, total, updated_at, count, final)
with
    versions as (
        select id from :source_database.ModelVersion
        union all
        select 1900000001
    ),
    numbered as (
        select
            id,
            toDateTime('2024-08-07 00:00:00', 'UTC')
            + toIntervalDay(n * 7 + toInt64(sipHash64(id) % 5) - 25 + multiIf(n = 0, -400, n = 5, 150, 0)) as day,
            sipHash64(id, n) as hash
        from versions
        array join range(1 + sipHash64(id, 77) % 6) as n
    )
select
    day,
    id,
    1 + hash % 400 as comp,
    intDiv(hash, 400) % 30 as tip,
    comp + tip,
    day + toIntervalHour(12),
    1 + hash % 20,
    false
from numbered
where (select count() from :events_database.buzz_resource_compensation) = 0;

-- ... then, of four days in five, the final one, which replaces it.
insert into :events_database.buzz_resource_compensation (date, modelVersionId, comp, tip, total, updated_at, count, final)
select
    date,
    modelVersionId,
    preliminary.comp + 50,
    preliminary.tip + 1,
    preliminary.total + 51,
    updated_at + toIntervalHour(24),
    preliminary.count + 3,
    true
from :events_database.buzz_resource_compensation as preliminary
where
    sipHash64(date, modelVersionId) % 5 > 0
    and (select countIf(final) from :events_database.buzz_resource_compensation) = 0;
