{% macro publish_slice() %}
    {% if not execute %}{{ return('') }}{% endif %}
    {%- set meta = model.config.meta -%}
    {%- set event_table = event_relation() -%}
    {%- set condition = slice_condition(meta.entity_type, meta.metrics.values()) -%}
    {% if is_trial() %}
        {% do preview_slice(event_table, this, condition) %}
        {{ return('') }}
    {% endif %}

    {% do create_event_table(event_table) %}
    {%- set facts = event_table_facts(event_table, this) -%}
    {% do assert_publishable(event_table, facts) %}
    {%- set new_partitions = partitions_of(this, 'true') -%}
    {%- set old_partitions = partitions_of(event_table, condition, distributed=facts.local_table) -%}
    {%- set new_events = new_partitions.values() | sum -%}
    {%- set old_events = old_partitions.values() | sum -%}
    {% if old_events and not new_events and not var('allow_empty_slice') %}
        {{ exceptions.raise_compiler_error(
            meta.legacy_table ~ " gives no events, but " ~ event_table ~ " holds " ~ old_events ~ " of its slice: nothing was published. "
            ~ "If the table really is empty, run with --vars '{allow_empty_slice: true}'."
        ) }}
    {% endif %}
    {% if not facts.attachable %}
        {% do log(
            event_table ~ ' (' ~ facts.engine ~ ') cannot take partitions of ' ~ this
            ~ ': publishing by insert, with deduplication switched off', info=true
        ) %}
    {% endif %}

    {% for sql in publishing_statements(event_table, this, condition, facts, old_partitions, new_partitions) %}
        {% call statement('publish_slice') %}{{ sql }}{% endcall %}
    {% endfor %}

    {%- set published = partitions_of(event_table, condition, distributed=facts.local_table).values() | sum -%}
    {% if published != new_events %}
        {{ exceptions.raise_compiler_error(
            event_table ~ " holds " ~ published ~ " events of the slice of " ~ meta.legacy_table ~ " after publishing " ~ new_events
            ~ ": somebody else writes version 3 with userId -1 there; stop that, and run this again."
        ) }}
    {% endif %}
    {% do log(
        "%s: published %s events into %s, instead of %s"
        | format(meta.legacy_table, '{:,}'.format(new_events), event_table, '{:,}'.format(old_events)), info=true
    ) %}
{% endmacro %}
