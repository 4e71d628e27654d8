{#-
    The columns say what the totals of the users' content say, summed another way, and the score what the events of the window say; each user
    of the site has one row. A row for each column. In `dbt build` of some users that were just counted, if none was of the first ones; in
    `dbt test` of all. A comparison of nothing fails.
-#}
{% test user_totals_equal_totals(model) %}
    {% if execute %}
        {%- set parts = {
            'uploadCount': ['modelCount', 'postCount', 'imageCount'],
            'reactionsReceived': ['likesReceived', 'dislikesReceived', 'laughsReceived', 'criesReceived', 'heartsReceived']
        } -%}
        {%- set columns = user_quantities().keys() | list + parts.keys() | list -%}
        {#- For each column that is a sum of totals all that these totals are in. -#}
        {%- set counts_for = {} -%}
        {%- for column in user_quantities() -%}
            {%- set names = [column] -%}
            {%- for whole, those in parts.items() if column in those -%}{%- do names.append(whole) -%}{%- endfor -%}
            {%- do counts_for.update({column: names}) -%}
        {%- endfor -%}
        with compared as ({{ users_to_compare(model) | indent(8) }}),

        content as (
            select
                entity_type,
                entity_id,
                assumeNotNull(owned.user_id) as user_id
            from {{ content_to_compare() }} as owned
            where owned.user_id in (select user_id from compared) and owned.entity_type != 'User'

            union all
            select
                toLowCardinality('User') as entity_type,
                user_id as entity_id,
                user_id
            from compared
        ),

        sides as (
            select
                user_id,
                arrayJoin([
                    ('users', toInt64(1)),
                    ('engagementScore', toInt64(engagementScore * 10000))
                    {%- for column in columns %},
                    ('{{ column }}', {{ column }})
                    {%- endfor %}
                ]) as cell,
                1 as side
            from {{ model }}
            where user_id in (select user_id from compared)

            union all
            select
                user_id,
                ('users', toInt64(1)) as cell,
                -1 as side
            from compared

            union all
            select
                content.user_id as user_id,
                (
                    arrayJoin(multiIf(
                        {%- for column, names in counts_for.items() %}
                        {{ is_of(column) }}, {{ names }},
                        {%- endfor %}
                        []
                    )),
                    totals.total
                ) as cell,
                -1 as side
            from {{ ref('metric_totals') }} as totals
            inner join content on totals.entity_type = content.entity_type and totals.entity_id = content.entity_id
            where (totals.entity_type, totals.entity_id) in (
                select
                    entity_type,
                    entity_id
                from content
            )

            union all
            select
                content.user_id as user_id,
                ('engagementScore', events.metric_value * weights.points) as cell,
                -1 as side
            from {{ ref('entity_metric_events') }} as events
            inner join content on events.entity_type = content.entity_type and events.entity_id = content.entity_id
            inner join ({{ engagement_points() | indent(12) }}) as weights
                on events.entity_type = weights.entity_type and events.quantity = weights.quantity
            where
                {{ in_window("toDate(events.created_at, 'UTC')") }}
                and (events.entity_type, events.entity_id) in (
                    select
                        entity_type,
                        entity_id
                    from content
                )
        )

        select
            cell.1 as name,
            sumIf(cell.2, side = 1) as shown,
            sumIf(cell.2, side = -1) as counted,
            multiIf(
                shown != counted, 'sums differ',
                {{ by_key('user_id', 'cell.2 * side') }} != 0, 'users differ',
                ''
            ) as problem
        from sides
        group by name
        order by name
    {% endif %}
    {% do ref('content_owners') %}
    {% do ref('metric_totals') %}
    {% do ref('entity_metric_events') %}
    {% do ref('stg_user') %}
    {% do ref('counted_entities') %}
    {% do ref('metrics') %}
    {% do ref('engagement_weights') %}
{% endtest %}
