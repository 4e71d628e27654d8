{% snapshot brand_competitors_history %}

{{
    config(
        group='brand_visibility',
        unique_key='id',
        strategy='check',
        check_cols=['brand_id', 'competitor_name'],
        hard_deletes='invalidate',
        engine='MergeTree()',
        order_by='id',
        query_settings={'join_use_nulls': 1},
        pre_hook='{{ drop_unfinished_snapshot() }}'
    )
}}

select
    id,
    brand_id,
    competitor_name
from {{ ref('stg_brand_competitors') }}

{% endsnapshot %}
