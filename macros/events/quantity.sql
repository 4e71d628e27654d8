{% macro quantity(entity_type, metric_type) %}
    {{ return(image_quantities().get(metric_type, metric_type) if entity_type == 'Image' else metric_type) }}
{% endmacro %}

{% macro image_quantities() %}
    {{ return({
        'ReactionLike': 'Like',
        'ReactionDislike': 'Dislike',
        'ReactionLaugh': 'Laugh',
        'ReactionCry': 'Cry',
        'ReactionHeart': 'Heart',
        'Comment': 'commentCount'
    }) }}
{% endmacro %}
