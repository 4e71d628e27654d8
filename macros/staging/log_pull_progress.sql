{% macro log_pull_progress(step, steps, rows, progress, rows_in_all) %}
    {%- set seconds = (modules.datetime.datetime.now() - progress.started).total_seconds() -%}
    {%- set speed = progress.rows_here / [seconds, 0.001] | max -%}
    {%- set left = [rows_in_all - progress.rows, 0] | max / [speed, 1] | max -%}
    {% do log(
        "%s: range %d of %d, %s rows, %s of about %s in all, %s rows/s, %d s left" | format(
            this.identifier, step.range_number + 1, steps, '{:,}'.format(rows), '{:,}'.format(progress.rows),
            '{:,}'.format([rows_in_all, progress.rows] | max), '{:,.0f}'.format(speed), left
        ), info=true
    ) %}
{% endmacro %}
