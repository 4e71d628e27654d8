{#-
    Users are counted in proportion to what changed. A row of `counted_users` says what it was counted from: by its fingerprint what the
    user owned, by `totals_until` which totals. Who has another fingerprint now, or totals counted later, is touched, and counted again
    from all content. The state is in the table itself, which is exchanged whole: a refresh can be killed anywhere and repeated at any
    time.
-#}

{% macro owned_types() -%}
    'Model', 'ModelVersion', 'Post', 'Image', 'Article', 'BountyEntry'
{%- endmacro %}

{% macro user_quantities() %}
    {#- The columns of `user_totals` that are sums: for each the entity types, and the quantity of their totals. -#}
    {%- set reacted = ['Image', 'Article', 'BountyEntry'] -%}
    {{ return({
        'followerCount': (['User'], 'followerCount'),
        'followingCount': (['User'], 'followingCount'),
        'hiddenCount': (['User'], 'hiddenCount'),
        'modelCount': (['Model'], 'Upload'),
        'postCount': (['Post'], 'Upload'),
        'imageCount': (['Image'], 'Upload'),
        'likesReceived': (reacted, 'Like'),
        'dislikesReceived': (reacted, 'Dislike'),
        'laughsReceived': (reacted, 'Laugh'),
        'criesReceived': (reacted, 'Cry'),
        'heartsReceived': (reacted, 'Heart'),
        'downloadsReceived': (['ModelVersion'], 'downloadCount'),
        'generationsReceived': (['ModelVersion'], 'generationCount'),
        'tippedCount': (['User'], 'tippedCount'),
        'tippedAmount': (['User'], 'tippedAmount'),
        'tipsGivenCount': (['User'], 'tipsGivenCount'),
        'tipsGivenAmount': (['User'], 'tipsGivenAmount'),
        'articleCount': (['User'], 'articleCount'),
        'bountyCount': (['User'], 'bountyCount'),
        'reviewCount': (['User'], 'reviewCount')
    }) }}
{% endmacro %}

{% macro user_columns_together() %}
    {#- The columns that are put together of these. -#}
    {{ return({
        'uploadCount': ['modelCount', 'postCount', 'imageCount'],
        'reactionsReceived': ['likesReceived', 'dislikesReceived', 'laughsReceived', 'criesReceived', 'heartsReceived']
    }) }}
{% endmacro %}

{% macro user_number(column) -%}
    {#- Where `counted_users` has a column of `user_totals`, as a whole number: after the sums what is anew for all. -#}
    {%- set columns = user_quantities().keys() | list + ['engagementScore', 'rank', 'refreshed_at'] -%}
    numbers[{{ columns.index(column) + 1 }}]
{%- endmacro %}

{% macro is_of(column) -%}
    {#- Whether a row with entity_type and quantity counts for that column. -#}
    {%- for part in user_columns_together().get(column, [column]) -%}
        {%- set entity_types, quantity = user_quantities()[part] -%}
        quantity = '{{ quantity }}' and entity_type in ('{{ entity_types | join("', '") }}'){{ ' or ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro before_content_owners() %}
    {#- The staged tables and the totals must be there. -#}
    {% if not execute %}{{ return('') }}{% endif %}
    {%- for name in ['model', 'model_version', 'post', 'image', 'article', 'bounty_entry', 'user'] -%}
        {% if not table_exists(ref('stg_' ~ name)) %}
            {{ exceptions.raise_compiler_error(
                "There is no " ~ ref('stg_' ~ name) ~ " to know users and owners by: pull it first, as by `dbt build --select "
                ~ "+user_totals`."
            ) }}
        {% endif %}
    {%- endfor -%}
    {% if not table_exists(ref('counted_entities')) %}
        {{ exceptions.raise_compiler_error(
            "There is no " ~ ref('counted_entities') ~ " to count users by: build it first, as by `dbt build --select totals`."
        ) }}
    {% endif %}
{% endmacro %}

{% macro before_user_scores() %}
    {% if not execute %}{{ return('') }}{% endif %}
    {% do assert_seed_loaded('engagement_weights') %}
{% endmacro %}

{% macro touched_users() %}
    {#- Those that the last refresh counted again, with their sums. -#}
    {{ return(api.Relation.create(schema=ref('counted_entities').schema, identifier='touched_users', type='table')) }}
{% endmacro %}

{% macro touched_content() %}
    {#- What they own, and they themselves. -#}
    {{ return(api.Relation.create(schema=ref('counted_entities').schema, identifier='touched_content', type='table')) }}
{% endmacro %}

{% macro users_before() %}
    {#- As the last refresh left them; none if there are none, if their sums were others, or if all are to be counted again. -#}
    {%- if not execute or flags.WHICH not in ['run', 'build'] or should_full_refresh() -%}{{ return(none) }}{%- endif -%}
    {%- set found = run_query(
        "select comment from system.tables where database = '" ~ this.schema ~ "' and name = '" ~ this.identifier ~ "'"
    ).rows -%}
    {%- if not found or found[0]['comment'] != definition_of_users() -%}{{ return(none) }}{%- endif -%}
    {#- Totals that were all counted anew by a clock that went back tell nothing. -#}
    {%- set is_later = run_query(
        "select (" ~ totals_until() ~ ") >= (select max(totals_until) from " ~ this ~ ") as is_later"
    )[0]['is_later'] -%}
    {{ return(this if is_later else none) }}
{% endmacro %}

{% macro definition_of_users() %}
    {{ return(local_md5(user_quantities() | string ~ owned_types() ~ model_node(this).raw_code)) }}
{% endmacro %}

{% macro totals_until() -%}
    {#- A query: when the totals were counted last. -#}
    select max(counted.counted_at) from {{ ref('counted_entities') }} as counted
{%- endmacro %}

{% macro before_counted_users() %}
    {#- Counts again who was touched, from all that they own. No refresh of the totals may run meanwhile. -#}
    {% if not execute %}{{ return('') }}{% endif %}
    {% do acquire_lease('totals', ref('counted_entities').schema) %}
    {%- set before, content, touched = users_before(), touched_content(), touched_users() -%}
    {% call statement('find_touched_content') %}
        create or replace table {{ content }} {{ on_cluster_clause(content) }}
        engine = MergeTree
        order by (entity_type, entity_id)
        as
        select
            entity_type,
            entity_id,
            assumeNotNull(owned.user_id) as user_id
        from (
            select
                entity_type,
                entity_id,
                user_id
            from {{ ref('content_owners') }}

            union all
            select
                toLowCardinality('User') as entity_type,
                id as entity_id,
                toNullable(id) as user_id
            from {{ ref('stg_user') }}
        ) as owned
        where owned.user_id in (
            select users.id
            from {{ ref('stg_user') }} as users
            left any join {{ ref('user_scores') }} as scores on users.id = scores.user_id
            {%- if before %}
            left any join {{ before }} as before on users.id = before.user_id
            where before.counted_at = toDateTime64(0, 6, 'UTC') or before.fingerprint != scores.fingerprint

            union all
            {{ owners_of_counted_since(before) | indent(12) }}
            {%- endif %}
        )
    {% endcall %}
    {% call statement('count_touched_users') %}
        create or replace table {{ touched }} {{ on_cluster_clause(touched) }}
        engine = MergeTree
        order by user_id
        as
        with received as (
            select
                content.user_id as user_id,
                [
                    {%- for column in user_quantities() %}
                    sumIf(totals.total, {{ is_of(column) }}){{ ',' if not loop.last }}
                    {%- endfor %}
                ] as numbers
            from (
                {#- Of the maps what is needed, which takes half the time. #}
                select
                    entity_type,
                    entity_id,
                    quantity,
                    total
                from {{ ref('counted_entities') }} final
                array join totals.keys as quantity, totals.values.total as total
                {%- if before %}
                prewhere entity_id in (select entity_id from {{ content }})
                {%- endif %}
            ) as totals
            inner join {{ content }} as content
                on totals.entity_type = content.entity_type and totals.entity_id = content.entity_id
            group by user_id
        )

        select
            content.user_id as user_id,
            received.numbers as numbers,
            scores.fingerprint as fingerprint,
            now64(6, 'UTC') as counted_at
        from {{ content }} as content
        left any join received on content.user_id = received.user_id
        left any join {{ ref('user_scores') }} as scores on content.user_id = scores.user_id
        where content.entity_type = 'User'
        settings {{ bounded_and_early() }}
    {% endcall %}
{% endmacro %}

{% macro owners_of_counted_since(before) -%}
    {#- A query of user ids: of entities whose totals were counted later than those of the last refresh. -#}
    {%- set since -%}
        select entity_type, entity_id
        from {{ ref('counted_entities') }}
        where counted_at > (select max(last.totals_until) from {{ before }} as last)
    {%- endset -%}
    select user_id
    from {{ ref('content_owners') }}
    where
        entity_id in (select entity_id from ({{ since }}))
        and (entity_type, entity_id) in ({{ since }})
        and user_id is not null
    union all
    select entity_id from ({{ since }}) where entity_type = 'User'
{%- endmacro %}

{% macro after_counted_users() %}
    {%- if execute -%}
        alter table {{ this }} {{ on_cluster_clause(this) }} modify comment '{{ definition_of_users() }}'
    {%- endif -%}
{% endmacro %}
