{#-
    Rows that have changed, come or gone in the live source table since they were staged: a warning, not an error, since the site
    goes on writing. Reads the source once more, as the pull did.
-#}
{% test drift(model, pulled_from) %}
    {{ config(severity='warn') }}
    {% if execute %}
        {%- set checked = event_model(model) -%}
        {%- set fingerprint = 'toInt64(bitShiftRight(sipHash64(' ~ pulled_columns(checked.snapshot) | join(', ') ~ '), 1))' -%}
        with signed as (
            select {{ checked.meta.entity_id }} as entity_id, {{ fingerprint }} as fingerprint
            from {{ checked.snapshot }}
            union all
            select {{ checked.meta.entity_id }} as entity_id, -{{ fingerprint }} as fingerprint
            from {{ pulled_from }}
            where timeframe = 'AllTime'
        )

        select
            entity_id,
            multiIf(count() > 1, 'changed', sum(fingerprint) > 0, 'gone', 'new') as since_staged
        from signed
        group by entity_id
        having sum(fingerprint) != 0
        settings max_bytes_before_external_group_by = 134217728
    {% endif %}
    {% do ref('metric_catalog') %}
{% endtest %}
