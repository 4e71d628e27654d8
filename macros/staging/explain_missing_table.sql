{% macro explain_missing_table(pulled_source, source_name) %}
    {%- set variables = source_meta(source_name).get('variables', '') -%}
    {%- set connecting = 'python scripts/connect_source.py' ~ (' --source ' ~ source_name[0] if variables else '') -%}
    {%- set database_exists = run_query(
        "select count() from system.databases where name = '" ~ pulled_source.schema ~ "'"
    )[0][0] | int -%}
    {% if not database_exists %}
        {{ exceptions.raise_compiler_error(
            "There is no source database " ~ pulled_source.schema ~ " on the target " ~ target.name
            ~ ": run `" ~ connecting ~ "`."
        ) }}
    {% endif %}
    {{ exceptions.raise_compiler_error(
        "Postgres has no table " ~ source_name[1] ~ " in the schema that database " ~ pulled_source.schema
        ~ " shows: check " ~ variables ~ "PGDATABASE and " ~ variables ~ "PGSCHEMA, and run `" ~ connecting ~ "` again."
    ) }}
{% endmacro %}
