{#-
    Rows that have changed, come or gone in the live source table since they were staged: a warning, not an error, since the site
    goes on writing. Postgres and ClickHouse each compute fingerprints of key ranges, and only rows of ranges that differ are read; on
    an engine that cannot run a query of ours in Postgres, all are.
-#}
{% test drift(model, pulled_from, condition='true', entity_id=none) %}
    {{ config(severity='warn') }}
    {{ drift_since_staged(model, model_node(model), pulled_from, condition, entity_id) if execute }}
{% endtest %}
