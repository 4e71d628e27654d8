{% macro check_vars() %}
    {% if not execute %}{{ return('') }}{% endif %}
    {% do backfill_date() %}
    {% do utc_time('unknown_time') %}
    {% do utc_time('source_events_cutoff') if var('source_events_cutoff') is not none %}
    {%- if var('engagement_date') and not is_date(var('engagement_date') | string) -%}
        {{ exceptions.raise_compiler_error(
            "The var engagement_date is '" ~ var('engagement_date') ~ "': give a date from 1970-01-01 to 2105-12-31 as YYYY-MM-DD, or '' for "
            ~ "today."
        ) }}
    {%- endif -%}
    {%- if var('counted_from') is not mapping -%}
        {{ exceptions.raise_compiler_error(
            "The var counted_from is '" ~ var('counted_from') ~ "': give a mapping, such as {Bounty: source_events}, or {}."
        ) }}
    {%- endif -%}
    {%- for key, job in var('counted_from').items() -%}
        {%- if not modules.re.match('^(\\*|[A-Za-z]+(\\.[A-Za-z]+)?)$', key | string) -%}
            {{ exceptions.raise_compiler_error(
                "The var counted_from has '" ~ key ~ "': give '*', an entity type such as Post, or a quantity such as Post.tippedCount."
            ) }}
        {%- elif job not in ['metric_tables', 'source_events'] -%}
            {{ exceptions.raise_compiler_error(
                "The var counted_from has '" ~ job ~ "' for " ~ key ~ ": give metric_tables or source_events."
            ) }}
        {%- endif -%}
    {%- endfor -%}
    {%- for name in ['max_removed_share', 'min_coverage', 'audit_share'] -%}
        {%- if not modules.re.match('^(0(\\.\\d+)?|1(\\.0+)?)$', var(name) | string) -%}
            {{ exceptions.raise_compiler_error("The var " ~ name ~ " is '" ~ var(name) ~ "': give a share from 0 to 1.") }}
        {%- endif -%}
    {%- endfor -%}
    {%- if var('publish_strategy') not in ['replace', 'append'] -%}
        {{ exceptions.raise_compiler_error(
            "The var publish_strategy is '" ~ var('publish_strategy') ~ "': give replace or append."
        ) }}
    {%- endif -%}
    {%- if var('live_versions') is string or var('live_versions') is not iterable
        or var('live_versions') | reject('in', range(2, 256) | list) | list -%}
        {{ exceptions.raise_compiler_error(
            "The var live_versions is '" ~ var('live_versions') ~ "': give a list of versions that the live site writes, such as [2]; 1 "
            ~ "is this project's."
        ) }}
    {%- endif -%}
    {%- set numbers = {
        'range_size': 1, 'range_limit': 0, 'pull_streams': 1, 'delete_timeout': 1, 'lease_seconds': 1,
        'dictionary_lifetime': 1, 'repair_margin': 0, 'max_corrections': 0, 'follow_rows': 1, 'cache_ttl': 1, 'engagement_days': 0
    } -%}
    {%- for name, least in numbers.items() -%}
        {%- if not modules.re.match('^\\d{1,9}$', var(name) | string) or var(name) | int < least -%}
            {{ exceptions.raise_compiler_error(
                "The var " ~ name ~ " is '" ~ var(name) ~ "': give a whole number from " ~ least ~ "."
            ) }}
        {%- endif -%}
    {%- endfor -%}
    {%- for name in ['include_zero_values', 'allow_missing_columns', 'dry_run'] -%}
        {%- if var(name) is not boolean -%}
            {{ exceptions.raise_compiler_error(
                "The var " ~ name ~ " is '" ~ var(name) ~ "': give true or false, without quotes."
            ) }}
        {%- endif -%}
    {%- endfor -%}
    {%- for name in [
        'event_table', 'event_database', 'source_collection', 'source_database', 'events_database', 'orchestration_database',
        'brand_visibility_collection', 'brand_visibility_database', 'dictionary_collection'
    ] -%}
        {%- set may_be_empty = name in ['event_database', 'dictionary_collection'] -%}
        {%- if not modules.re.match('^[A-Za-z_][A-Za-z0-9_]*$', var(name)) and not (may_be_empty and not var(name)) -%}
            {{ exceptions.raise_compiler_error(
                "The var " ~ name ~ " is '" ~ var(name) ~ "': give a name of letters, digits and underscores."
            ) }}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}
