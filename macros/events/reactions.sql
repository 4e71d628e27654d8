{% macro reactions() %}{{ return(['Like', 'Dislike', 'Laugh', 'Cry', 'Heart']) }}{% endmacro %}
