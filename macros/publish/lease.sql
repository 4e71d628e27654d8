{% macro acquire_lease(name) %}{% endmacro %}
{% macro renew_lease(name) %}{% endmacro %}
{% macro release_lease(name) %}{% endmacro %}
