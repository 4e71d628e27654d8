{#- What a pull reads from: its connection and session, the table's columns, and what it lacks. Each trouble is one sentence. -#}

{#-
    Checks the source of the model that is being pulled, and returns what the pull has to know of it: see source.yml. What was pulled
    from another server, database or table, or from columns of another type, is not gone on with: all that is in `identity`.
-#}
{% macro pull_origin(pulled_source, source_name) %}
    {%- set columns = source_columns(pulled_source) -%}
    {% if not columns %}
        {% do explain_missing_table(pulled_source, source_name) %}
    {% endif %}
    {%- set asked = source_facts(pulled_source, source_name, columns) -%}
    {%- set rows = run_query(asked) -%}
    {% do assert_session(rows[0], source_meta(source_name).collection) %}

    {#- A table is known where the database's note names the schema, or one schema alone has such a table. -#}
    {%- set found = [] -%}
    {%- for row in rows if row['schema_name'] is not none and (
        not target_runs_source_queries() or row['note'] in ['', 'schema: ' ~ row['schema_name']]
    ) -%}
        {%- do found.append(row) -%}
    {%- endfor -%}
    {%- set kinds = found | map(attribute='kind') | unique | list -%}
    {%- set types = [] -%}
    {%- for column in columns -%}{%- do types.append([column.name, column.type]) -%}{%- endfor -%}
    {%- set facts = [] -%}
    {%- for row in found or rows -%}
        {%- do facts.append([row['engine'], row['server'], row['table_id']] | map('string') | list) -%}
    {%- endfor -%}
    {%- set nullable_key = has_nullable_key(pulled_source, columns, kinds) -%}
    {% do assert_numbers(columns, source_name) %}
    {{ return({
        'collection': source_meta(source_name).collection,
        'table': pulled_source.identifier,
        'columns': columns,
        'schema': found[0]['schema_name'] if found | length == 1 and target_runs_source_queries() else none,
        'missing': missing_columns(columns, source_name),
        'nullable_key': nullable_key,
        'identity': tojson([facts, types])
    }) }}
{% endmacro %}


{% macro source_facts(pulled_source, source_name, columns) %}
    {%- set collection = source_meta(source_name).collection -%}
    {%- set names = [] -%}
    {%- for column in columns -%}{%- do names.append(postgres_literal(column.name)) -%}{%- endfor -%}
    {%- set here -%}
        concat(engine_full, ' ', version()) as engine,
        comment as note
        from system.databases
        where name = '{{ pulled_source.schema }}'
    {%- endset -%}
    {%- if target_runs_source_queries() -%}
        {%- set facts -%}
            select
                session.*,
                c.oid::text as table_id,
                n.nspname::text as schema_name,
                c.relkind::text as kind
            from (
                select
                    current_user::text as user_name,
                    d.datname::text as database_name,
                    concat_ws(' ', d.datname, d.oid, inet_server_addr(), inet_server_port()) as server,
                    style.setting as date_style,
                    zone.setting as time_zone,
                    encoding.setting as text_encoding,
                    array_to_string(array[style.source, zone.source], ' ') as set_by
                from pg_database as d, pg_settings as style, pg_settings as zone, pg_settings as encoding
                where
                    d.datname = current_database()
                    and style.name = 'DateStyle' and zone.name = 'TimeZone' and encoding.name = 'client_encoding'
            ) as session
            left join (pg_class as c inner join pg_namespace as n on n.oid = c.relnamespace)
                on c.relname = {{ postgres_literal(pulled_source.identifier) }} and c.relkind in ('r', 'p', 'v', 'm', 'f')
                and {{ names | length }} = (
                    select count(*) from pg_attribute as a where a.attrelid = c.oid and a.attname in ({{ names | join(', ') }})
                )
        {%- endset -%}
        {{ return('select * from ' ~ in_postgres(collection, facts) ~ ' as facts cross join (select ' ~ here ~ ') as here') }}
    {%- endif -%}
    {#- Without queries of our own: views of the catalog tell the database, and how far off the time of this statement is. -#}
    {%- set clock = collection ~ ", table = 'pg_stat_activity', schema = 'pg_catalog'" -%}
    {%- set catalog = collection ~ ", table = 'information_schema_catalog_name', schema = 'information_schema'" -%}
    {{ return(
        "select facts.*, here.*, (select assumeNotNull(max(catalog_name)) from postgresql(" ~ catalog ~ ")) as server,"
        ~ " (select abs(dateDiff('second', assumeNotNull(max(query_start)), now())) from postgresql(" ~ clock ~ ")) as seconds_off"
        ~ " from (select oid as table_id, 'schema ' || relnamespace as schema_name, relkind as kind from postgresql(" ~ collection
        ~ ", table = 'pg_class', schema = 'pg_catalog') where relname = '" ~ pulled_source.identifier ~ "') as facts"
        ~ " cross join (select " ~ here ~ ") as here"
    ) }}
{% endmacro %}


{% macro assert_session(facts, collection) %}
    {%- set again = ', and `entity-metrics connect` again, which opens new connections.' -%}
    {% if not target_runs_source_queries() %}
        {#- Zones differ by a quarter of an hour at least. -#}
        {% if facts['seconds_off'] | int > 600 %}
            {{ exceptions.raise_compiler_error(
                "Times of Postgres, as ClickHouse reads them through the named collection " ~ collection ~ ", are "
                ~ facts['seconds_off'] ~ " s off: run `alter role ... set datestyle = 'ISO'` and"
                ~ " `alter role ... set timezone = 'UTC'` in Postgres for its user" ~ again
            ) }}
        {% endif %}
        {{ return('') }}
    {% endif %}
    {%- set role = '`alter role "' ~ facts['user_name'] ~ '" in database "' ~ facts['database_name'] ~ '"' -%}
    {%- set client = "; PGDATESTYLE or PGTZ in ClickHouse's own environment, which outdo it, must not be set"
        if 'client' in facts['set_by'] else '' -%}
    {% if facts['text_encoding'] != 'UTF8' %}
        {{ exceptions.raise_compiler_error(
            "Postgres sends texts in the encoding " ~ facts['text_encoding'] ~ ", and ClickHouse's are UTF8: run " ~ role
            ~ " set client_encoding = 'UTF8'` in Postgres, which converts them" ~ again
        ) }}
    {% endif %}
    {% if not facts['date_style'].startswith('ISO') %}
        {{ exceptions.raise_compiler_error(
            "Postgres writes times in the DateStyle '" ~ facts['date_style'] ~ "', and ClickHouse reads ISO alone: run "
            ~ role ~ " set datestyle = 'ISO'` in Postgres" ~ client ~ again
        ) }}
    {% endif %}
    {%- set in_utc = ['UTC', 'Etc/UTC', 'GMT', 'Etc/GMT', 'UCT', 'Etc/UCT', 'Zulu', 'Etc/Zulu', 'Universal', 'Etc/Universal'] -%}
    {% if facts['time_zone'] not in in_utc %}
        {{ exceptions.raise_compiler_error(
            "Postgres shows times in the zone " ~ facts['time_zone'] ~ ", and ClickHouse would read them as UTC: run "
            ~ role ~ " set timezone = 'UTC'` in Postgres" ~ client ~ again
        ) }}
    {% endif %}
{% endmacro %}


{#- A number in a column of another kind would be compared and cast as text. -#}
{% macro assert_numbers(columns, source_name) %}
    {%- set declared = source_node(source_name).columns -%}
    {% for column in columns if declared[column.name] %}
        {%- set wanted = declared[column.name].data_type or '' -%}
        {%- set is_number = modules.re.match('(Nullable\\()?(U?Int|Bool|Decimal|Float)', column.type) -%}
        {% if modules.re.match('(Nullable\\()?U?Int', wanted) and not is_number %}
            {{ exceptions.raise_compiler_error(
                "In source table " ~ source_name[1] ~ " " ~ column.name ~ " is read as " ~ column.type ~ ", and a whole number is wanted: "
                ~ "make it integer or bigint, or show it so in a view."
            ) }}
        {% endif %}
    {% endfor %}
{% endmacro %}


{#- A view cannot declare its key not null, nor can a foreign table vouch for it: their rows are asked. -#}
{% macro has_nullable_key(pulled_source, columns, kinds) %}
    {%- set key = config.meta_get('range_key') -%}
    {%- set column = columns | selectattr('name', 'equalto', key) | first -%}
    {% if not key or not column %}{{ return(false) }}{% endif %}
    {%- set name = key ~ ' of ' ~ pulled_source.identifier -%}
    {%- set type = column.type | replace('Nullable(', '') | replace(')', '') -%}
    {% if type not in ['Int16', 'Int32', 'Int64'] %}
        {{ exceptions.raise_compiler_error(
            "The range key " ~ name ~ " is read as " ~ type ~ ": a pull needs an integer, or a model without a range key."
        ) }}
    {% endif %}
    {% if not column.type.startswith('Nullable(') %}{{ return(false) }}{% endif %}
    {% if kinds | reject('in', ['v', 'm', 'f']) | list or not kinds %}
        {{ exceptions.raise_compiler_error(
            "The range key " ~ name ~ " may be null: a pull needs a key that is declared not null."
        ) }}
    {% endif %}
    {%- set null_keys = ' where ' ~ adapter.quote(key) ~ ' is null' -%}
    {%- set nulls = run_query('select count() from ' ~ pulled_source ~ null_keys)[0][0] | int -%}
    {% if nulls %}
        {{ exceptions.raise_compiler_error(
            "The range key " ~ name ~ " is null in " ~ nulls ~ " rows: a pull needs a key without nulls, so leave them out of the view."
        ) }}
    {% endif %}
    {{ return(true) }}
{% endmacro %}


{% macro missing_columns(columns, source_name) %}
    {%- set table = source_name[1] -%}
    {%- set found = columns | map(attribute='name') | list -%}
    {%- set missing = [] -%}
    {%- set node = source_node(source_name) -%}
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


{% macro add_missing_columns(sql, missing) %}
    {% if not missing %}{{ return(sql) }}{% endif %}
    {%- set nulls = [] -%}
    {%- for column in missing -%}
        {%- set type = column.data_type if column.data_type.startswith('Nullable(') else 'Nullable(' ~ column.data_type ~ ')' -%}
        {%- do nulls.append('cast(null as ' ~ type ~ ') as ' ~ adapter.quote(column.name)) -%}
    {%- endfor -%}
    {#- ClickHouse lets a WITH clause name an expression: the select itself stays as the model wrote it. -#}
    {%- set start = modules.re.match('(?is)^(?:\\s|--[^\\n]*\\n|/\\*.*?\\*/)*(with\\s)?', sql) -%}
    {{ return('with ' ~ nulls | join(', ') ~ (', ' if start.group(1) else ' ') ~ sql[start.end():]) }}
{% endmacro %}


{% macro missing_column_comment() %}{{ return('Missing in the source') }}{% endmacro %}


{% macro explain_missing_table(pulled_source, source_name) %}
    {%- set variables = source_meta(source_name).get('variables', '') -%}
    {%- set connecting = 'entity-metrics connect' ~ (' --source ' ~ source_name[0] if variables else '') -%}
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


{% macro source_columns(relation) %}
    {% if not table_exists(relation) %}{{ return([]) }}{% endif %}
    {#- Of this table alone: system.columns would ask Postgres for the columns of all tables. -#}
    {{ return(run_query('describe table ' ~ relation).rows) }}
{% endmacro %}


{% macro source_node(source_name) %}
    {{ return(
        graph.sources.values() | selectattr('source_name', 'equalto', source_name[0]) | selectattr('name', 'equalto', source_name[1]) | first
    ) }}
{% endmacro %}


{% macro source_meta(source_name) %}
    {{ return(source_node(source_name).config.meta) }}
{% endmacro %}


{% macro target_runs_source_queries() %}
    {{ return(adapter.is_at_or_after_version('26.9')) }}
{% endmacro %}


{% macro in_postgres(collection, query) %}
    {{ return('postgresql(' ~ collection ~ ", query = '" ~ query | replace('\\', '\\\\') | replace("'", "''") ~ "')") }}
{% endmacro %}


{% macro postgres_literal(text) %}
    {{ return("'" ~ text | replace("'", "''") ~ "'") }}
{% endmacro %}
