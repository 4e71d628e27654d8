{% macro publish_slice() %}
    {% if not execute %}{{ return('') }}{% endif %}
    {%- set slice = model.config.meta.slice -%}
    {%- set event_table = event_relation() -%}
    {%- set left_out = left_out(slice) -%}
    {%- set new_slice = build_slice(slice, left_out) -%}
    {%- set left_to_other = [] -%}
    {%- for entity_type, metric_types in left_out.items() -%}
        {%- do left_to_other.append(metric_types | join(', ') ~ ' of ' ~ entity_type) -%}
    {%- endfor -%}
    {% if left_to_other %}
        {% do log(
            slice.label ~ ': left to ' ~ {'metric_tables': 'source_events', 'source_events': 'metric_tables'}[slice.counted_from]
            ~ ' (see the var counted_from): ' ~ left_to_other | join('; '), info=true
        ) %}
    {% endif %}
    {% if is_trial() %}
        {% do preview_slice(event_table, new_slice, shared_slices(slice, left_out, model.name), slice) %}
        {{ return('') }}
    {% endif %}

    {% do create_event_table(event_table) %}
    {%- set facts = event_table_facts(event_table, new_slice) -%}
    {% do assert_publishable(event_table, facts, slice) %}
    {%- set own = [new_slice, 'true'] -%}
    {%- set others = shared_slices(slice, left_out, model.name) -%}
    {%- set condition = slice_condition(slice) -%}
    {%- set in_slice = ' from ' ~ event_table ~ ' where ' ~ condition -%}
    {%- set is_new = not run_query('select 1' ~ in_slice ~ ' limit 1') | length -%}
    {#- By this mark in its command a delete is found again, also one of a run that was killed. -#}
    {%- set mark = model.unique_id -%}
    {% if not is_new %}{% do finish_deletes(event_table, mark) %}{% endif %}
    {#- What is there already stays: only months that changed are replaced. -#}
    {%- set old = {} if is_new else
        partitions_of([[event_table, condition]], distributed=facts.local_table, fingerprints=true) -%}
    {%- set new = partitions_of([own], distributed=facts.local_table, fingerprints=not is_new) -%}
    {%- set shared = partitions_of(others, distributed=facts.local_table, fingerprints=not is_new) -%}
    {%- set old_events = old.values() | map('first') | sum -%}
    {%- set own_events = new.values() | map('first') | sum -%}
    {%- set shared_events = shared.values() | map('first') | sum -%}
    {%- set new_events = own_events + shared_events -%}
    {% if old_events and not own_events and not var('allow_empty_slice') %}
        {%- set kept = run_query('select count()' ~ in_slice ~ ' and not ' ~ metrics_condition(left_out))[0][0] | int -%}
        {%- set old_own = kept - shared_events -%}
        {% if old_own > 0 %}
            {{ exceptions.raise_compiler_error(
                slice.label ~ " gives no events, but " ~ event_table ~ " holds " ~ old_own ~ " of its slice: nothing was published. "
                ~ "If the table really is empty, run with --vars '{allow_empty_slice: true}'."
            ) }}
        {% endif %}
    {% endif %}
    {% if not facts.attachable %}
        {% do log(
            event_table ~ ' (' ~ facts.engine ~ ') cannot take partitions of ' ~ new_slice
            ~ ': publishing by insert, with deduplication switched off', info=true
        ) %}
    {% endif %}

    {%- set plan = publishing_plan(old, new, shared) -%}
    {%- set marked = condition ~ " and '" ~ mark ~ "' != ''" -%}
    {% for sql in publishing_statements(event_table, marked, facts, plan, own, others) %}
        {% call statement('publish_slice') %}{{ sql }}{% endcall %}
        {% if sql.startswith('delete') %}{% do finish_deletes(event_table, mark) %}{% endif %}
    {% endfor %}

    {#- What one statement attached to where nothing was needs no count. -#}
    {% if not (is_new and facts.attachable and not shared_events) %}
        {%- set published_events = run_query('select count()' ~ in_slice)[0][0] | int -%}
        {% if published_events != new_events %}
            {{ exceptions.raise_compiler_error(
                event_table ~ " holds " ~ published_events ~ " events of the slice of " ~ slice.label ~ " after publishing "
                ~ new_events ~ ": somebody else writes version " ~ slice_version(slice.counted_from)
                ~ (' with userId -1' if slice.counted_from == 'metric_tables') ~ " there; stop that, and run this again."
            ) }}
        {% endif %}
    {% endif %}
    {% do log(
        "%s: published %s events into %s, instead of %s"
        | format(slice.label, '{:,}'.format(new_events), event_table, '{:,}'.format(old_events)), info=true
    ) %}
{% endmacro %}
