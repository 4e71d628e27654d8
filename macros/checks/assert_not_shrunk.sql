{#- A source that is half restored, filtered or hidden from the role looks like one whose rows were removed. -#}

{% macro assert_not_shrunk(name, old_rows, new_rows, old_sum=none, new_sum=none) %}
    {%- set allowed = var('max_removed_share') | float -%}
    {%- set sizes = [('rows', old_rows, new_rows)] -%}
    {% if old_sum is not none %}{% do sizes.append(('in all', old_sum, new_sum)) %}{% endif %}
    {% for what, old, new in sizes if allowed < 1 and old > 0 and old - new > old * allowed %}
        {{ exceptions.raise_compiler_error(
            name ~ " would go from " ~ '{:,}'.format(old) ~ " to " ~ '{:,}'.format(new) ~ " " ~ what ~ ". That removes "
            ~ (100 * (old - new) / old) | round(2) ~ " %, and max_removed_share allows " ~ (100 * allowed) | round(1)
            ~ " %: readers keep what they have. Check that the source is whole and that the role sees all of its rows. "
            ~ how_to_allow_it()
        ) }}
    {% endfor %}
{% endmacro %}

{% macro assert_not_empty(table, rows, collection) %}
    {% if rows == 0 and var('max_removed_share') | float < 1 %}
        {{ exceptions.raise_compiler_error(
            "The source table " ~ table ~ " has no rows that the role of the named collection " ~ collection
            ~ " can see: it is empty, or row level security hides them (a policy, or bypassrls, shows them). " ~ how_to_allow_it()
        ) }}
    {% endif %}
{% endmacro %}

{% macro how_to_allow_it() %}
    {{ return("If this is right, run with --vars '{max_removed_share: 1}' (of the command line: --max-removed-share 1).") }}
{% endmacro %}

{#- Of a table that is not there: 0. -#}
{% macro count_rows(relation, condition='true') %}
    {{ return(
        run_query('select count() from ' ~ relation ~ ' where ' ~ condition)[0][0] | int if table_exists(relation) else 0
    ) }}
{% endmacro %}

{% macro has_rows(relation, condition) %}
    {{ return(
        table_exists(relation) and run_query('select 1 from ' ~ relation ~ ' where ' ~ condition ~ ' limit 1').rows | length > 0
    ) }}
{% endmacro %}
