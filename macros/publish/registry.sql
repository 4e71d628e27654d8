{#- Who counts what: the seed `metrics`, with the var `counted_from` applied. -#}

{% macro counted_from() -%}
    {#- The narrowest key of the var wins: a quantity, then its entity type, then all. What one job alone has is that job's. -#}
    multiIf(
        legacy_metric = '' or source_metric = '', seed.counted_from,
        {%- for key, job in var('counted_from').items() if '.' in key %}
            entity_type = '{{ key.split('.')[0] }}' and quantity = '{{ key.split('.')[1] }}', '{{ job }}',
        {%- endfor %}
        {%- for key, job in var('counted_from').items() if '.' not in key and key != '*' %}
            entity_type = '{{ key }}', '{{ job }}',
        {%- endfor %}
        {{ "'" ~ var('counted_from')['*'] ~ "'" if '*' in var('counted_from') else 'seed.counted_from' }}
    )
{%- endmacro %}

{% macro registry() -%}
    (
        select
            entity_type,
            quantity,
            legacy_metric,
            source_metric,
            legacy_table,
            legacy_column,
            package,
            agreement,
            reason,
            {{ counted_from() | indent(8) }} as job
        from {{ ref('metrics') }} as seed
    )
{%- endmacro %}

{% macro assert_seed_loaded(name) %}
    {#- Returns the seed's table. -#}
    {%- set seed = ref(name) -%}
    {%- set file = graph.nodes.values() | selectattr('resource_type', 'equalto', 'seed')
        | selectattr('name', 'equalto', name) | first -%}
    {%- set loaded = run_query(
        "select comment from system.tables where database = '" ~ seed.schema ~ "' and name = '" ~ seed.identifier ~ "'"
    ).rows -%}
    {% if not loaded or loaded[0][0] != file.checksum.checksum %}
        {{ exceptions.raise_compiler_error(
            "The seed " ~ seed ~ " is " ~ ('not what seeds/' ~ name ~ '.csv says now' if loaded else 'not loaded')
            ~ ": run `dbt seed`, or `entity-metrics connect`, which does so."
        ) }}
    {% endif %}
    {{ return(seed) }}
{% endmacro %}

{% macro assert_registry_loaded() %}
    {%- set seed = assert_seed_loaded('metrics') -%}
    {%- set keys = var('counted_from').keys() | reject('equalto', '*') | list -%}
    {%- set unknown = run_query(
        "select arrayJoin(" ~ keys ~ ") as key where key not in (select arrayJoin([entity_type, entity_type || '.' || quantity]) from "
        ~ seed ~ " where legacy_metric != '' and source_metric != '')"
    ).rows if keys else [] -%}
    {% if unknown %}
        {{ exceptions.raise_compiler_error(
            "The var counted_from has " ~ unknown[0][0] ~ ", of which the two jobs have nothing in common: give '*', an entity type or a "
            ~ "quantity of seeds/metrics.csv that has both a legacy_metric and a source_metric, such as Post.tippedCount."
        ) }}
    {% endif %}
{% endmacro %}

{% macro remember_seed() -%}
    {#- The file's checksum goes with the table, so that a seed that was changed and not loaded is not taken for the file. -#}
    alter table {{ this }} {{ on_cluster_clause(this) if execute }} modify comment '{{ model.checksum.checksum }}'
{%- endmacro %}
