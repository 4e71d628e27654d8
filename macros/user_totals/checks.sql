{#- Whom the tests of the users compare. -#}

{% macro users_with_ranks() -%}
    select id
    from {{ ref('stg_user') }}
    where id != -1 and deletedAt is null and bannedAt is null
{%- endmacro %}

{% macro users_to_compare(users) -%}
    {#- A query of user ids: in `dbt test` all, in `dbt build` some that were just counted; if none was, the first ones. -#}
    {%- if flags.WHICH == 'test' -%}
        select id as user_id from {{ ref('stg_user') }}
    {%- elif some_were_touched() -%}
        select user_id from {{ touched_users() }} order by cityHash64(user_id) limit 50
    {%- else -%}
        select user_id from {{ users }} order by rank limit 20
    {%- endif -%}
{%- endmacro %}

{% macro some_were_touched() %}
    {{ return(run_query('select 1 from ' ~ touched_users() ~ ' limit 1').rows | length > 0) }}
{% endmacro %}

{% macro content_to_compare() -%}
    {#- Of these users: the relation that says what they own, in `dbt build` that of the users who were just counted. -#}
    {{- touched_content() if flags.WHICH != 'test' and some_were_touched() else ref('content_owners') -}}
{%- endmacro %}
