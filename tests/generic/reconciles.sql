{#-
    The event model says what the legacy table says, entity by entity and metric by metric. The mapping is the seed's, not the model's, so
    that one mistake cannot hide in both. A row for every quantity is stored, whether it agrees or not; `problem` says why it fails,
    `sample_entity_ids` where to look. A comparison of nothing fails.

    With `snapshot`: the events of a metric table, against its staged rows; all must be equal.
    With `legacy`: the events of a package, whole (before the cutoff and after it), against the legacy tables as they are now; for each the
    key and the columns to read. Quantities with the agreement `differ` are reported only. Of the others each entity is one of: equal;
    newer, if events of the last ten minutes make the difference; overcounted, since a legacy total never goes down; only in events, since
    its legacy row is gone; or different, which fails. So does a coverage below the var `min_coverage`: the share that is equal, of the
    entities that have any of the quantity.
-#}
{% test reconciles(model, snapshot=none, legacy={}) %}
    {%- do config(fail_calc="if(count() = 0, 1, countIf(problem != ''))") -%}
    {%- if execute and snapshot -%}
        {{ compare_with_snapshot(model, model_node(model), snapshot) }}
    {%- elif execute -%}
        {{ compare_with_legacy(model, model_node(model).name[:-7], legacy) }}
    {%- endif -%}
    {%- do ref('metrics') -%}
{% endtest %}
