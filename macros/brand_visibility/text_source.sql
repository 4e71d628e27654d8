{#-
    The engine reads a five-digit year as seconds, 44 BC as AD 44 and fails at NaN: what it misreads comes as Postgres writes it.
    A table of the PostgreSQL engine whose columns are declared, where the database's own tables have them inferred.
-#}
{% macro text_source(source_name, table_name) %}
    {#- So that dbt knows that the model reads the source. -#}
    {%- do source(source_name, table_name) -%}
    {{ return(api.Relation.create(database=this.database, schema=this.schema, identifier=table_name ~ '__text', type='table')) }}
{% endmacro %}

{% macro create_text_source() %}
    {%- set source_name = model.sources[0] -%}
    {%- set found = source_columns(source(*source_name)) if execute else [] -%}
    {#- Where nothing is connected, or the table is missing, the pull itself says so. -#}
    {% if not found %}{{ return('') }}{% endif %}
    {%- set node = graph.sources.values() | selectattr('source_name', 'equalto', source_name[0])
        | selectattr('name', 'equalto', source_name[1]) | first -%}
    {%- set types = {} -%}
    {% for column in found %}
        {%- do types.update({column.name: column.type}) -%}
    {% endfor %}
    {%- set relation = text_source(*source_name) -%}
    create or replace table {{ relation }} {{ on_cluster_clause(relation) }} (
        {% for column in node.columns.values() %}
            {%- set type = types.get(column.name) -%}
            {{ adapter.quote(column.name) }}
            {% if not type %} Nullable(String) alias null
            {% elif modules.re.search('^(Nullable\\()?(Date|Decimal|Float)', type) %} Nullable(String)
            {% else %} {{ type }}
            {% endif %} {{- ',' if not loop.last }}
        {% endfor %}
    )
    engine = PostgreSQL({{ source_meta(source_name).collection }}, table = '{{ source_name[1] }}')
{% endmacro %}
