{#-
    Ranks go from 1 without gaps and ties, by score, downloads and user id, over all users that may have one and no other. A row for each
    user of whom that is not so.
-#}
{% test ranks_in_order(model) %}
    select
        user_id,
        rank,
        multiIf(
            rank is null and may_have_one, 'has no rank',
            rank is null, '',
            not may_have_one, 'is deleted, banned, no user or the site itself',
            rank != place, 'a gap or a tie',
            place > 1 and before > (-engagementScore, -downloadsReceived, user_id), 'comes after a lower one',
            ''
        ) as problem
    from (
        select
            shown.user_id as user_id,
            shown.rank as rank,
            shown.engagementScore as engagementScore,
            shown.downloadsReceived as downloadsReceived,
            shown.user_id in ({{ users_with_ranks() | indent(12) }}) as may_have_one,
            row_number() over by_rank as place,
            lagInFrame((-shown.engagementScore, -shown.downloadsReceived, shown.user_id)) over by_rank as before
        from {{ model }} as shown
        window by_rank as (order by shown.rank nulls last rows between unbounded preceding and current row)
    )
    where problem != ''
    order by rank, user_id
{% endtest %}
