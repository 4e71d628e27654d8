"""An endpoint for Prometheus, of the commands that run on."""

from collections.abc import Callable
from typing import Any

import click
import prometheus_client

from entity_metrics.errors import EntityMetricsError


def metrics_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options --metrics-port and --metrics-host."""
    port = click.option(
        "--metrics-port", type=click.IntRange(1, 65535), help="With --every: port of an endpoint with counters for Prometheus."
    )
    host = click.option("--metrics-host", default="127.0.0.1", show_default=True, help="Address that the endpoint listens on.")
    return port(host(command))


def serve_counters(port: int | None, host: str, every: int | None) -> None:
    """Begin to show the counters of this process. Raises EntityMetricsError for a port that is taken."""
    if port is None:
        return
    if every is None:
        raise click.UsageError("--metrics-port goes with --every.")
    try:
        prometheus_client.start_http_server(port, addr=host)
    except OSError as ex:
        raise EntityMetricsError(
            f"No endpoint for Prometheus can be opened at {host}:{port}: name another by --metrics-port ({ex.strerror})."
        ) from None
