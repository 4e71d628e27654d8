{#-
    In every answer: the competitor metrics are the staged competitor rows minus rejects minus duplicates.
-#}
{% test equals_competitor_rows(model) %}
    select
        collector_result_id,
        sum(source_rows) as source_rows,
        sum(duplicate_rows) as duplicate_rows,
        sum(rejected_rows) as rejected_rows,
        sum(metric_rows) as metric_rows
    from (
        select
            assumeNotNull(staged.collector_result_id) as collector_result_id,
            count() as source_rows,
            count() - uniqExact(staged.competitor_name) as duplicate_rows,
            0 as rejected_rows,
            0 as metric_rows
        from {{ ref('stg_extracted_positions') }} as staged
        where staged.competitor_name != '' and staged.collector_result_id is not null
        group by staged.collector_result_id
        union all
        select assumeNotNull(collector_result_id), 0, 0, 1, 0
        from {{ ref('brand_visibility_rejects') }}
        where row_kind = 'competitor' and rejected = 'row' and collector_result_id is not null
        union all
        select metric_fact_id, 0, 0, 0, 1
        from {{ model }}
    )
    group by collector_result_id
    having source_rows != duplicate_rows + rejected_rows + metric_rows
    settings max_bytes_before_external_group_by = 134217728
{% endtest %}
