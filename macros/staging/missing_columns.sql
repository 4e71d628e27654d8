{% macro missing_columns(pulled_source, source_name) %}
    {%- set table = source_name[1] -%}
    {%- set columns = source_columns(pulled_source) -%}
    {%- set found = columns | map(attribute='name') | list -%}
    {% if not found %}
        {% do explain_missing_table(pulled_source, source_name) %}
    {% endif %}
    {% for column in columns if column.name == config.meta_get('range_key') and column.type.startswith('Nullable(') %}
        {{ exceptions.raise_compiler_error(
            "The range key " ~ column.name ~ " of " ~ table ~ " may be null: a pull needs a key that is declared not null."
        ) }}
    {% endfor %}
    {%- set missing = [] -%}
    {%- set node = graph.sources.values() | selectattr('source_name', 'equalto', source_name[0])
        | selectattr('name', 'equalto', table) | first -%}
    {% for column in node.columns.values() if column.name not in found %}
        {% if column.meta.get('required') or node.meta.get('required') %}
            {{ exceptions.raise_compiler_error(
                "Source table " ~ table ~ " lacks the column " ~ column.name ~ ", which " ~ this.identifier
                ~ " cannot do without: check that " ~ source_meta(source_name).get('variables', '')
                ~ "PGSCHEMA names the right schema."
            ) }}
        {% endif %}
        {% do missing.append(column) %}
    {% endfor %}
    {%- set names = missing | map(attribute='name') | join(', ') -%}
    {% if missing and not var('allow_missing_columns') %}
        {{ exceptions.raise_compiler_error(
            "Source table " ~ table ~ " lacks the mapped column" ~ ('s ' if missing | length > 1 else ' ') ~ names
            ~ ": run with --vars '{allow_missing_columns: true}' to go on without."
        ) }}
    {% elif missing %}
        {% do log(this.identifier ~ ': going on without ' ~ names ~ ', which ' ~ table ~ ' lacks', info=true) %}
    {% endif %}
    {{ return(missing) }}
{% endmacro %}
