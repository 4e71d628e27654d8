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
