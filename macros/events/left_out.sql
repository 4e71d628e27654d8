{% macro left_out(slice) %}
    {%- set event_table = event_relation() -%}
    {%- set pairs = counterparts(slice) -%}
    {%- set other = {'metric_tables': 'source_events', 'source_events': 'metric_tables'}[slice.counted_from] -%}
    {%- set own_metrics, other_metrics, there = {}, {}, [] -%}
    {%- for pair in pairs -%}
        {%- do own_metrics.update({pair.entity_type: own_metrics.get(pair.entity_type, []) + [pair.metric_type]}) -%}
        {%- do other_metrics.update({pair.entity_type: other_metrics.get(pair.entity_type, []) + [pair.counterpart]}) -%}
    {%- endfor -%}
    {%- set has_versions = "select 1 from system.columns where database = '" ~ event_table.schema ~ "' and table = '"
        ~ event_table.identifier ~ "' and name = 'version'" -%}
    {%- if pairs and run_query(has_versions) | length -%}
        {%- for row in run_query(
            'select distinct toString(entityType), toString(metricType), version from ' ~ event_table ~ ' where '
            ~ slice_condition({'counted_from': slice.counted_from, 'metrics': own_metrics}) ~ ' or '
            ~ slice_condition({'counted_from': other, 'metrics': other_metrics})
        ) -%}
            {%- do there.append((row[0], row[1], row[2] | int)) -%}
        {%- endfor -%}
    {%- endif -%}

    {#- Rows of version 1 that no package of this project has published are somebody else's: no reason to give way. -#}
    {%- set publishes = {} -%}
    {%- for pair in pairs if there and pair.model not in publishes -%}
        {%- do publishes.update(
            {pair.model: other == 'metric_tables' or slice_table(graph.nodes[pair.model]) is not none}
        ) -%}
    {%- endfor -%}

    {%- set metrics = {} -%}
    {%- for pair in pairs -%}
        {%- set wanted = var('counted_from').get(pair.entity_type) -%}
        {%- set is_counted = (pair.entity_type, pair.counterpart, slice_version(other)) in there and publishes[pair.model] -%}
        {%- set is_own = (pair.entity_type, pair.metric_type, slice_version(slice.counted_from)) in there -%}
        {#- Where nothing is wanted and nothing is there, a run of both jobs takes the metric tables. -#}
        {%- set gives_way = slice.counted_from == 'source_events' and pair.model in selected_resources and not is_own -%}
        {%- if wanted == slice.counted_from and is_counted -%}
            {{ exceptions.raise_compiler_error(
                event_table ~ " still counts " ~ pair.metric_type ~ " of " ~ pair.entity_type ~ " from " ~ other
                ~ ", though the var counted_from wants it from " ~ slice.counted_from ~ ": run " ~ pair.model.split('.')[-1]
                ~ " with that var first, which withdraws it; nothing was published."
            ) }}
        {%- elif wanted == other or (not wanted and (is_counted or gives_way)) -%}
            {%- set names = metrics.get(pair.entity_type, []) -%}
            {%- do metrics.update({pair.entity_type: names + ([] if pair.metric_type in names else [pair.metric_type])}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(metrics) }}
{% endmacro %}
