{% macro assert_utc_session() %}
    {% if not execute %}{{ return('') }}{% endif %}
    {%- set zone = run_query('select timezone() as zone').rows[0]['zone'] | string -%}
    {%- if zone not in ['UTC', 'Etc/UTC', 'UCT', 'Etc/UCT', 'Universal', 'Etc/Universal', 'Zulu', 'Etc/Zulu'] -%}
        {{ exceptions.raise_compiler_error(
            "The session on the target " ~ target.name ~ " is in the time zone " ~ zone ~ ", in which every time would be shifted: "
            ~ "give the output " ~ target.name ~ " in profiles.yml `session_timezone: UTC` under custom_settings."
        ) }}
    {%- endif -%}
{% endmacro %}
