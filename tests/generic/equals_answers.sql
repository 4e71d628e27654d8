{#-
    The facts are the distinct answers with a brand row, without those whose brand row is rejected. `surplus` is 1 for an answer that
    has a fact too many, -1 for one that lacks its fact.
-#}
{% test equals_answers(model) %}
    select collector_result_id, sum(surplus) as surplus
    from (
        select collector_result_id, 1 as surplus
        from {{ model }}
        union all
        select assumeNotNull(collector_result_id), 1
        from {{ ref('brand_visibility_rejects') }}
        where row_kind = 'brand' and rejected = 'row' and collector_result_id is not null
        union all
        select assumeNotNull(collector_result_id), -1
        from {{ ref('stg_extracted_positions') }}
        where competitor_name = '' and collector_result_id is not null
        group by collector_result_id
    )
    group by collector_result_id
    having surplus != 0
    settings max_bytes_before_external_group_by = 134217728
{% endtest %}
