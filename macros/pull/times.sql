{#- Times that the engine would misread: it takes a five-digit year for seconds, 44 BC for AD 44, and -infinity for 1970. -#}

{#-
    Postgres itself says whether all times are ones that an event can have, by their index where there is one: what was misread cannot
    be told from what was meant. Before 26.9 a query cannot be passed on; then only what the engine read is looked at, when events
    are made of it.
-#}
{% macro assert_times_fit(origin, source_name) %}
    {%- set node = source_node(source_name) -%}
    {%- set times = [] -%}
    {%- for column in origin.columns if node.columns[column.name] and 'DateTime' in column.type -%}
        {%- do times.append('"' ~ column.name ~ '"') -%}
    {%- endfor -%}
    {% if not times or not target_runs_source_queries() or config.meta_get('reads_times_as_text') %}{{ return('') }}{% endif %}
    {% if origin.schema is none %}
        {{ exceptions.raise_compiler_error(
            "Which table " ~ origin.table ~ " of Postgres is meant is not clear: run `entity-metrics connect` again, which notes the schema."
        ) }}
    {% endif %}
    {%- set table = '"' ~ origin.schema | replace('"', '""') ~ '"."' ~ origin.table ~ '"' -%}
    {%- set extremes = [] -%}
    {%- for time in times -%}
        {%- do extremes.append(
            'coalesce(' ~ fits_datetime('min(' ~ time ~ ')') ~ ' and ' ~ fits_datetime('max(' ~ time ~ ')') ~ ', true)'
        ) -%}
    {%- endfor -%}
    {%- set all_fit = 'select (' ~ extremes | join(' and ') ~ ')::int as all_fit from ' ~ table -%}
    {% if run_query('select all_fit from ' ~ in_postgres(origin.collection, all_fit))[0][0] | int %}{{ return('') }}{% endif %}

    {%- set key = '"' ~ (config.meta_get('range_key') or origin.columns[0].name) ~ '"' -%}
    {%- set misfits = [] -%}
    {%- for time in times -%}
        {%- do misfits.append(
            'select ' ~ postgres_literal(time | replace('"', '')) ~ '::text as column_name, ' ~ key ~ '::text as key, ' ~ time
            ~ '::text as value from ' ~ table ~ ' where not ' ~ fits_datetime(time)
        ) -%}
    {%- endfor -%}
    {%- set one = 'select *, count(*) over () as misfits from (' ~ misfits | join(' union all ')
        ~ ') as found order by key limit 1' -%}
    {%- set misfit = run_query('select column_name, key, value, misfits from ' ~ in_postgres(origin.collection, one))[0] -%}
    {{ exceptions.raise_compiler_error(
        "In " ~ origin.table ~ " " ~ misfit['column_name'] ~ " is " ~ misfit['value'] ~ " where " ~ key | replace('"', '') ~ " is "
        ~ misfit['key'] ~ ", and an event's time is from 1970 to 2105 (" ~ misfit['misfits']
        ~ " such): correct the source; nothing was pulled."
    ) }}
{% endmacro %}


{#- SQL of Postgres. -#}
{% macro fits_datetime(time) %}
    {{ return('(' ~ time ~ " >= '1970-01-01' and " ~ time ~ " < '2106-01-01')") }}
{% endmacro %}
