"""The benchmarks, one module for each job: what the job costs, as ratios to a bare COPY of what it pulls.

Each module has

- `SOURCE`, `TABLES`: the source of models/sources/, and what it builds there, in words;
- `build(rows)`: makes the source tables, unless an earlier benchmark left them at that size; returns their rows;
- `copy_statements()`: the bare COPYs;
- `run_models()`: runs the job by dbt; returns the seconds of its steps;
- `TESTS`: the dbt tests that are run at the end, by the name of the step;
- `MADE`: the models that hold what was made, by a word for it.
"""
