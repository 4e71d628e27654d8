{% macro key_statistics(pulled_source, source_name, rows_each) %}
    {%- set in_postgres -%}
        with key_stats as (
            select
                c.reltuples::float8 * (1 - s.null_frac) as row_count,
                s.histogram_bounds::text::bigint[] as bounds,
                s.most_common_vals::text::bigint[] as common_values,
                s.most_common_freqs as common_shares,
                coalesce((select sum(share) from unnest(s.most_common_freqs) as share), 0) as common_share,
                not pg_is_in_recovery() and pg_stat_get_mod_since_analyze(c.oid) < {{ rows_each }} as is_fresh
            from pg_stats as s
            inner join pg_namespace as n on s.schemaname = n.nspname
            inner join pg_class as c on n.oid = c.relnamespace and s.tablename = c.relname
            where
                s.tablename = '{{ pulled_source.identifier }}'
                and s.attname = '{{ config.meta_require('range_key') }}'
                and c.reltuples > 0
            order by c.reltuples desc, s.inherited desc
            limit 1
        ),

        histogram as (
            select
                lag(bound) over (order by bound) as low,
                bound as key,
                row_count * (1 - common_share) / (cardinality(bounds) - 1) as weight
            from key_stats, unnest(bounds) as bound
        )

        {#- The last bucket reaches to the largest key and is where rows come in: unless few have, it is left to the sample. -#}
        select low, key, weight, is_fresh
        from histogram, key_stats
        where low is not null and (is_fresh or key < (select max(key) from histogram))
        union all
        select value, value, share * row_count, is_fresh
        from key_stats, unnest(common_values, common_shares) as common (value, share)
        where is_fresh or value <= (select max(low) from histogram)
    {%- endset -%}
    {{ return(
        'select assumeNotNull(low) as low, assumeNotNull(key) as key, assumeNotNull(weight) as weight, '
        ~ 'assumeNotNull(is_fresh) as is_complete from postgresql(' ~ source_meta(source_name).collection ~ ", query = '" ~ in_postgres | replace("'", "''") ~ "')"
    ) }}
{% endmacro %}
