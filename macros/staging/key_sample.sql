{% macro key_sample(pull_sql, above) %}
    {%- set key = adapter.quote(config.meta_require('range_key')) -%}
    {%- set filter = '1 = 1' if above is none else key ~ ' > ' ~ above -%}
    {{ return(
        'select arrayJoin(keys) as low, low as key, key_count / length(keys) as weight, true as is_complete from ('
        ~ 'select groupArraySample(100000, 1)(toInt64(' ~ key ~ ')) as keys, count() as key_count from ('
        ~ pull_sql | replace(range_filter(), filter) ~ '))'
    ) }}
{% endmacro %}
