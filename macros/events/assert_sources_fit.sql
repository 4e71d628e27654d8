{% macro assert_sources_fit() %}
    {% if not execute %}{{ return('') }}{% endif %}
    {%- set fits = ['Int8', 'Int16', 'Int32', 'UInt8', 'UInt16'] -%}
    {%- set sources = [] -%}
    {%- for unique_id in model.depends_on.nodes -%}
        {%- set node = graph.nodes.get(unique_id) or graph.sources.get(unique_id) -%}
        {%- if node.resource_type == 'source' or node.config.materialized == 'pull' -%}
            {%- set relation = api.Relation.create(schema=node.schema, identifier=node.get('alias') or node.identifier) -%}
            {%- do sources.append((node, relation)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set relations = sources | map('last') | list -%}
    {%- set found = run_query(
        "select database, table, name, type from system.columns where database in ('"
        ~ relations | map(attribute='schema') | unique | join("', '")
        ~ "') and table in ('" ~ relations | map(attribute='identifier') | join("', '") ~ "') order by position"
    ).rows -%}
    {%- for node, relation in sources -%}
        {%- set columns = found | selectattr('database', 'equalto', relation.schema)
            | selectattr('table', 'equalto', relation.identifier) | list -%}
        {%- if not columns -%}
            {%- set remedy = 'check the vars events_database and orchestration_database' if node.resource_type == 'source'
                else 'pull it first, or with the package by `--select +' ~ model.name ~ '`' -%}
            {{ exceptions.raise_compiler_error('The target has no table ' ~ relation ~ ': ' ~ remedy ~ '.') }}
        {%- endif -%}
        {%- set checks = [] -%}
        {%- for column in columns if column.name in node.columns or node.resource_type == 'model' -%}
            {%- set type = column.type | replace('Nullable(', '') | replace(')', '') -%}
            {%- if modules.re.match('^U?Int\\d+$', type) and type not in fits and not column.name.startswith('_') -%}
                {%- do checks.append(
                    "select '" ~ column.name ~ "' as name, toString(" ~ adapter.quote(column.name) ~ ") as value from " ~ relation
                    ~ " where isNotNull(" ~ adapter.quote(column.name) ~ ") and accurateCastOrNull("
                    ~ adapter.quote(column.name) ~ ", 'Int32') is null"
                ) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- set misfits = run_query(
            "select name || ' ' || value as misfit, count() over () as misfits from (" ~ checks | join(' union all ')
            ~ ') order by misfit limit 1'
        ) if checks else [] -%}
        {%- if misfits | length -%}
            {{ exceptions.raise_compiler_error(
                "In " ~ relation ~ " " ~ misfits[0]['misfit'] ~ " does not fit the event table's Int32 (" ~ misfits[0]['misfits']
                ~ " such): correct the source; nothing was published."
            ) }}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}
