{% macro assert_int32() %}
    {% if not execute %}{{ return('') }}{% endif %}
    {%- set meta = model.config.meta -%}
    {%- set snapshot = ref(meta.snapshot) -%}
    {%- set fits = ['Int8', 'Int16', 'Int32', 'UInt8', 'UInt16'] -%}
    {%- set checks = [] -%}
    {%- for column in adapter.get_columns_in_relation(snapshot) -%}
        {%- set metric_type = 'entityId' if column.name == meta.entity_id else meta.metrics.get(column.name) -%}
        {%- if metric_type and column.data_type | replace('Nullable(', '') | replace(')', '') not in fits -%}
            {%- do checks.append(
                "select '" ~ metric_type ~ "' as metric_type, toString(" ~ meta.entity_id ~ ") as entity_id, toString("
                ~ column.name ~ ") as value from " ~ snapshot ~ " where " ~ column.name
                ~ " is not null and accurateCastOrNull(" ~ column.name ~ ", 'Int32') is null"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if checks -%}
        {%- set misfits = run_query(
            "select metric_type || ' of ' || entity_id || ' is ' || value as misfit, count() over () as misfits from ("
            ~ checks | join(' union all ') ~ ') order by metric_type, entity_id limit 1'
        ) -%}
        {%- if misfits | length -%}
            {{ exceptions.raise_compiler_error(
                meta.entity_type ~ " " ~ misfits[0]['misfit'] ~ ", which does not fit the event table's Int32 ("
                ~ misfits[0]['misfits'] ~ " such in " ~ meta.legacy_table
                ~ "): correct the source; nothing was published."
            ) }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
