"""Start, show or stop the sample site's PostgreSQL."""

import click
import psycopg

from entity_metrics import embedded_postgres, sample_site
from entity_metrics.source import connection_from_environment

entities_option = click.option(
    "--entities", default=500, show_default=True, type=click.IntRange(1, 10_000_000), help="Entities in the smallest tables."
)


@click.group()
def main() -> None:
    """The sample site: an embedded PostgreSQL with the site's tables, on a Unix socket."""


@main.command()
@entities_option
def start(entities: int) -> None:
    """Start it, making it first if it is not there, and print its connection as export lines for the shell."""
    for name, value in sample_site.use(entities=entities).items():
        click.echo(f"export {name}='{value}'")


@main.command()
@entities_option
def load(entities: int) -> None:
    """Make the site's tables, and fill them, in the Postgres that PGHOST ... name. Its schema must have none of them yet."""
    source = connection_from_environment()
    try:
        with psycopg.connect(sample_site.dsn(source), options=f"-c search_path={source['schema']}") as connection:
            sample_site.fill(connection, entities)
    except psycopg.Error as ex:
        raise click.ClickException(f"The sample site was not made in {source['database']}: {str(ex).splitlines()[0]}") from ex


@main.command()
def stop() -> None:
    """Stop it. Its data stays."""
    stopped = embedded_postgres.stop(sample_site.FOLDER / "postgres")
    click.echo("stopped" if stopped else "was not running")


if __name__ == "__main__":
    main()
