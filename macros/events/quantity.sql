{% macro quantity(entity_type, metric_type) %}
    {%- set image = {
        'ReactionLike': 'Like',
        'ReactionDislike': 'Dislike',
        'ReactionLaugh': 'Laugh',
        'ReactionCry': 'Cry',
        'ReactionHeart': 'Heart',
        'Comment': 'commentCount'
    } -%}
    {{ return(image.get(metric_type, metric_type) if entity_type == 'Image' else metric_type) }}
{% endmacro %}
