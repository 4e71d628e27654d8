{% macro assert_source_in_utc() %}
    {% if not execute or not target_runs_source_queries() %}{{ return('') }}{% endif %}
    {%- set collection = source_meta(model.sources[0]).collection -%}
    {#- Where nothing is connected, the pull itself says so. -#}
    {%- set connected = run_query(
        "select count() from system.databases where name = '" ~ source(*model.sources[0]).schema ~ "'"
    )[0][0] | int -%}
    {% if not connected %}{{ return('') }}{% endif %}
    {%- set in_utc = ['UTC', 'Etc/UTC', 'GMT', 'Etc/GMT', 'UCT', 'Etc/UCT', 'Zulu', 'Etc/Zulu', 'Universal', 'Etc/Universal'] -%}
    {%- set zone = run_query(
        'select setting from postgresql(' ~ collection
        ~ ", query = 'select setting from pg_settings where name = ''TimeZone''')"
    )[0][0] -%}
    {% if zone not in in_utc %}
        {{ exceptions.raise_compiler_error(
            "Postgres shows times in the zone " ~ zone ~ ", and ClickHouse would read them as UTC: run "
            ~ "`alter role ... set timezone = 'UTC'` in Postgres for the user of the named collection " ~ collection ~ "."
        ) }}
    {% endif %}
{% endmacro %}
