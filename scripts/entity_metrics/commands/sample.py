"""The verb `sample`: start or stop the sample site, or make the site's tables elsewhere."""

import click
import psycopg

from entity_metrics import sample_site
from entity_metrics.errors import EntityMetricsError, Verb
from entity_metrics.project import project_var
from entity_metrics.source import connection_from_environment
from entity_metrics.target import opened_target

entities_option = click.option(
    "--entities", default=500, show_default=True, type=click.IntRange(1, 100_000), help="Entities in the smallest tables."
)


@click.group("sample")
def command() -> None:
    """The sample site: an embedded PostgreSQL with the site's tables, and a Valkey, on Unix sockets."""


@command.command(cls=Verb)
@entities_option
def start(entities: int) -> None:
    """Start it, making it first if it is not there, and print its connection as export lines for the shell."""
    for name, value in sample_site.use(entities=entities).items():
        click.echo(f"export {name}='{value}'")


@command.command(cls=Verb)
@entities_option
def load(entities: int) -> None:
    """Make the site's tables, and the schema brand_visibility, in the Postgres of PGHOST ..., which must have none of them."""
    source = connection_from_environment()
    try:
        with psycopg.connect(sample_site.dsn(source), options=f"-c search_path={source['schema']}") as connection:
            sample_site.fill(connection, entities)
            sample_site.fill_brand_visibility(connection)
    except psycopg.Error as ex:
        first = (str(ex).splitlines() or [type(ex).__name__])[0]
        raise EntityMetricsError(f"The sample site was not made in {source['database']}: {first}") from ex


@command.command(cls=Verb)
@click.option("--target", "target_name", help="Output of profiles.yml to fill; its default if not given.")
def load_clickhouse(target_name: str | None) -> None:
    """Make the site's own ClickHouse tables on a target that `entity-metrics connect` has connected to the sample site."""
    with opened_target(target_name) as target:
        sample_site.fill_clickhouse(
            target, *(project_var(name) for name in ("source_database", "events_database", "orchestration_database"))
        )


@command.command(cls=Verb)
def stop() -> None:
    """Stop its PostgreSQL and its Valkey. The rows stay."""
    stopped = sample_site.stop()
    click.echo("stopped" if stopped else "was not running")
