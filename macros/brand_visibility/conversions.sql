{#-
    From what Postgres holds to what the tables hold. A conversion gives null where it would lose something; the macro of the same
    name with _misfit then gives the reason for which the row, or its sentiment, is rejected, and '' where all is well.
-#}

{% macro to_time(text) -%}
    if(
        match({{ text }}, '^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d(\\.\\d{1,6})?([+-]\\d\\d(:\\d\\d)?)?$')
        and parseDateTime64BestEffortOrNull({{ text }}, 6, 'UTC')
        between toDateTime64('1900-01-01 00:00:00', 6, 'UTC') and toDateTime64('2299-12-31 23:59:59.999999', 6, 'UTC'),
        parseDateTime64BestEffortOrNull({{ text }}, 6, 'UTC'),
        null
    )
{%- endmacro %}

{% macro to_time_misfit(text) -%}
    if({{ text }} is not null and {{ to_time(text) }} is null, 'time_out_of_range', '')
{%- endmacro %}

{% macro to_measure(text) -%}
    toDecimal128OrNull({{ text }}, 19)
{%- endmacro %}

{% macro to_measure_misfit(text, if_too_large='out_of_range') -%}
    multiIf(
        {{ text }} is null or {{ to_measure(text) }} is not null, '',
        {{ text }} = 'NaN', 'not_a_number',
        '{{ if_too_large }}'
    )
{%- endmacro %}

{% macro to_int32(number) -%}
    accurateCastOrNull({{ number }}, 'Int32')
{%- endmacro %}

{% macro to_int32_misfit(number) -%}
    if({{ number }} is not null and {{ to_int32(number) }} is null, 'out_of_range', '')
{%- endmacro %}

{#- A list of numbers is an array, which ClickHouse writes with NULL, or it is JSON. -#}
{% macro elements_of(list) -%}
    JSONExtractArrayRaw(replaceAll(coalesce(toString({{ list }}), '[]'), 'NULL', 'null'))
{%- endmacro %}

{% macro to_int_list(list) -%}
    arrayFilter(isNotNull, arrayMap(element -> toInt32OrNull(element), {{ elements_of(list) }}))::Array(Int32)
{%- endmacro %}

{% macro to_int_list_misfit(list) -%}
    multiIf(
        {{ to_string_list_misfit("replaceAll(toString(" ~ list ~ "), 'NULL', 'null')") }} != '', 'not_a_list',
        arrayExists(element -> element != 'null' and toInt32OrNull(element) is null, {{ elements_of(list) }}),
        'positions_out_of_range',
        ''
    )
{%- endmacro %}

{% macro to_string_list(json) -%}
    arrayFilter(isNotNull, JSONExtract(coalesce({{ json }}, '[]'), 'Array(Nullable(String))'))::Array(String)
{%- endmacro %}

{% macro to_string_list_misfit(json) -%}
    if(JSONType(coalesce(nullIf({{ json }}, 'null'), '[]')) = 'Array', '', 'not_a_list')
{%- endmacro %}

{% macro first_misfit(misfits) -%}
    arrayFirst(misfit -> misfit != '', [{{ misfits | join(', ') }}])
{%- endmacro %}

{#- Postgres rounds half away from zero, and checks the range; ClickHouse's cast truncates, and does not check it. -#}
{% macro to_two_decimals(value) -%}
    toDecimal128(round({{ value }}, 2), 2)
{%- endmacro %}

{% macro fits_numeric_5_2(rounded) -%}
    coalesce(abs({{ rounded }}) < 1000, true)
{%- endmacro %}

{% macro to_numeric_5_2(rounded) -%}
    if({{ fits_numeric_5_2(rounded) }}, {{ rounded }}, null)::Nullable(Decimal(5, 2))
{%- endmacro %}

{% macro sample_deviation(value) -%}
    if(count({{ value }}) < 2, null, stddevSampStable(toFloat64({{ value }})))
{%- endmacro %}
