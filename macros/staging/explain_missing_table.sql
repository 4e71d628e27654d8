{% macro explain_missing_table(pulled_source, table) %}
    {%- set database_exists = run_query(
        "select count() from system.databases where name = '" ~ pulled_source.schema ~ "'"
    )[0][0] | int -%}
    {% if not database_exists %}
        {{ exceptions.raise_compiler_error(
            "There is no source database " ~ pulled_source.schema ~ " on the target " ~ target.name
            ~ ": run `python scripts/connect_source.py`."
        ) }}
    {% endif %}
    {#- Where Postgres is down this statement fails, and says so itself; system.columns is just empty then. -#}
    {% do run_query('exists table ' ~ pulled_source) %}
    {{ exceptions.raise_compiler_error(
        "Postgres has no table " ~ table ~ " in the schema that database " ~ pulled_source.schema
        ~ " shows: check PGDATABASE and PGSCHEMA, and run `python scripts/connect_source.py` again."
    ) }}
{% endmacro %}
