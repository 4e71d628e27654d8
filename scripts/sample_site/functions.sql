-- What the row scripts share. Nothing is random: every value follows from a row's number, so that the rows are the same each time.

-- A hash that is not negative.
create or replace function pg_temp.sample_hash(row_number bigint, salt int) returns bigint
language sql immutable as $$
    select hashint8extended(row_number, salt) & 9223372036854775807
$$;

-- The ids of a kind of entity: with gaps, and the largest int at the end.
create or replace function pg_temp.sample_ids(entities int) returns setof int
language sql immutable as $$
    select n from generate_series(1, entities * 7 / 10) as n
    union all
    select 1000000 + n * 17 from generate_series(1, entities * 3 / 10) as n
    union all
    select 2147483647
$$;

-- One of these ids: small ones more often than large ones, the largest quite often, and every thirteenth never, so that some entities
-- have no source rows.
create or replace function pg_temp.sample_pick(hash bigint, entities int) returns int
language plpgsql immutable as $$
declare
    small int := entities * 7 / 10;
    large int := entities * 3 / 10;
    nth int := 1 + floor((small + large) * power((hash / 53 % 1000003)::float8 / 1000003, 2));
begin
    if hash % 53 = 0 or small + large = 0 then
        return 2147483647;
    end if;
    if nth % 13 = 0 then
        nth := nth - 1;
    end if;
    return case when nth <= small then nth else 1000000 + (nth - small) * 17 end;
end
$$;

-- The id of a row that is no entity: with gaps, and the largest int for the last of them.
create or replace function pg_temp.sample_row_id(row_number bigint, row_count int) returns int
language sql immutable as $$
    select case when row_number = row_count then 2147483647 else (row_number + row_number / 6)::int end
$$;

-- The time, in the same month or an earlier one: of the 28 months from 2022-11 so many have times, :months, evenly spread.
create or replace function pg_temp.sample_in_months(at timestamp) returns timestamp
language sql immutable as $$
    select at - make_interval(months => month - month * :months / 28 * 28 / :months)
    from (select (extract(year from at) * 12 + extract(month from at))::int - (2022 * 12 + 11) as month) as since
$$;

-- A time between 2022-11-01 and 2025-03-01. Every 41st row falls into the second in which the site began to write events, up to
-- .043 before that moment, from .044 after it.
create or replace function pg_temp.sample_time(row_number bigint, salt int) returns timestamp(3)
language sql immutable as $$
    select case
        when row_number % 41 = 7
            then timestamp '2024-08-07 15:44:39' + (array[0, 43, 44, 45, 999])[1 + row_number / 41 % 5] * interval '1 millisecond'
        else pg_temp.sample_in_months(
            timestamp '2022-11-01' + hashint8extended(row_number, salt) % 36763200000 * interval '1 millisecond' + interval '425.5 days'
        )
    end
$$;

-- A later time of the same row: up to 20 days later, never after 2025-03-01, and in the same month where not all months have times.
create or replace function pg_temp.sample_later(since timestamp, hash bigint) returns timestamp(3)
language sql immutable as $$
    select least(
        since + hash % 1728000000 * interval '1 millisecond',
        timestamp '2025-02-28 23:59:59.999',
        case when :months < 28 then date_trunc('month', since) + interval '1 month - 1 millisecond' end
    )
$$;

-- A count that no source row explains: 0 in all but `share` of 100 entities, else up to `most`, and sometimes negative.
create or replace function pg_temp.sample_count(entity int, salt int, share int, most int) returns int
language sql immutable as $$
    select case
        when h % 100 >= share then 0
        when h % 997 = 0 then -1 - (h % 3)::int
        else 1 + (h / 100 % most)::int
    end
    from (select hashint8(entity::bigint * 1000 + salt)::bigint + 2147483648 as h) as hashed
$$;

-- The timeframes of a metric table; a count in a shorter one is the AllTime count divided by `part`.
create or replace function pg_temp.sample_timeframes() returns table (timeframe "MetricTimeframe", part int)
language sql immutable as $$
    values ('Day'::"MetricTimeframe", 300), ('Week', 50), ('Month', 12), ('Year', 2), ('AllTime', 1)
$$;

-- From now on a row of a metric table that says nothing of it was written at this time, an expression.
create or replace function pg_temp.sample_written_at(expression text) returns void
language plpgsql as $$
declare
    metric_table text;
begin
    foreach metric_table in array array[
        'ArticleMetric', 'BountyMetric', 'BountyEntryMetric', 'CollectionMetric', 'ImageMetric', 'ModelMetric', 'ModelVersionMetric',
        'PostMetric', 'TagMetric', 'UserMetric'
    ] loop
        execute format('alter table %I alter column "updatedAt" set default ', metric_table) || expression;
    end loop;
end
$$;
