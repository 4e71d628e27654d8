{% macro built_events(package, pairs) -%}
    (
        {%- set names = [] if pairs else [package.name] -%}
        {%- for pair in pairs -%}{%- do names.extend(pair.packages.split(' ')) -%}{%- endfor -%}
        {%- set models = [] -%}
        {%- for node in package.nodes if node.name in names -%}
            {%- set model = api.Relation.create(schema=node.schema, identifier=node.alias) -%}
            {%- set slice = api.Relation.create(schema=node.schema, identifier=node.alias ~ '__slice') -%}
            {%- if node.name == package.name or table_exists(slice) -%}{%- do models.append(model) -%}{%- endif -%}
        {%- endfor -%}
        {%- for model in models %}
            select entityType, entityId, userId, metricType, metricValue, createdAt
            from {{ model }}
            {{ 'union all' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
