{#-
    Each row of the registry says all that it must, and nothing that contradicts itself or another row; `problem` names it.
-#}
{% test registry_is_sound(model) %}
    with columns as (
        select
            *,
            count() over (partition by legacy_table, legacy_column) as uses_of_column,
            count() over (partition by entity_type, source_metric) as uses_of_source_metric
        from {{ model }}
    )

    select
        entity_type,
        quantity,
        multiIf(
            '' in (entity_type, quantity), 'lacks its entity type or quantity',
            (legacy_metric = '') != (legacy_table = '') or (legacy_table = '') != (legacy_column = ''),
            'has one of legacy metric, table and column without the others',
            (source_metric = '') != (package = ''), 'has one of source metric and package without the other',
            legacy_metric = '' and source_metric = '', 'is counted by no job',
            quantity not in (legacy_metric, source_metric), 'has a name that neither job uses',
            agreement != 'none' and '' in (legacy_table, package), 'has nothing to compare, but the agreement ' || agreement,
            (agreement = 'exact') != (reason = ''), 'has no reason for what does not agree, or a reason for what does',
            counted_from = 'metric_tables' and legacy_metric = '', 'is counted from metric_tables, which do not have it',
            counted_from = 'source_events' and source_metric = '', 'is counted from source_events, which do not have it',
            legacy_table != '' and uses_of_column > 1, 'shares its legacy column',
            source_metric != '' and uses_of_source_metric > 1, 'shares its source metric',
            ''
        ) as problem
    from columns
    where problem != ''
{% endtest %}
