"""One sentence for what went wrong, whatever layer said it."""

import os
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Failure:
    """sentence: what happened and the remedy; transient: whether trying again may help."""

    sentence: str
    transient: bool = False


def _source(prefix: str) -> str:
    return os.environ.get(f"{prefix}PGHOST", "the host that the named collection names")


_RULES: tuple[tuple[str, str, bool], ...] = (
    (
        r'password authentication failed for user "(?P<user>[^"]*)"',
        "Postgres refuses the password of user {user}: correct {prefix}PGUSER and {prefix}PGPASSWORD"
        " and run scripts/connect_source.py again.",
        False,
    ),
    (
        r'FATAL:\s+(?P<what>(?:role|database) "[^"]*" does not exist)',
        "Postgres says: {what}: correct {prefix}PGUSER and {prefix}PGDATABASE and run scripts/connect_source.py again.",
        False,
    ),
    (
        r"permission denied for (?P<what>table [^\s,]+|schema [^\s,]+)",
        "Postgres denies access to {what}: grant select on it to the user of the named collection.",
        False,
    ),
    (
        r"There is no named collection `(?P<name>[^`]*)`",
        "The target has no named collection {name}: run scripts/connect_source.py.",
        False,
    ),
    (
        r"(?P<sentence>The chDB folder [^\n]*)",
        "{sentence}",
        False,
    ),
    (
        r"POSTGRESQL_CONNECTION_FAILURE|connection to server|server closed the connection|terminating connection"
        r"|the database system is|pqxx::broken_connection|Lost connection to the database",
        "Postgres is not reachable ({prefix}PGHOST {source}): start it, or correct {prefix}PGHOST and {prefix}PGPORT,"
        " and run this again.",
        True,
    ),
    (
        r"AUTHENTICATION_FAILED|REQUIRED_PASSWORD|WRONG_PASSWORD",
        "ClickHouse refuses the user or its password: correct CLICKHOUSE_USER and DBT_ENV_SECRET_CLICKHOUSE_PASSWORD.",
        False,
    ),
    (
        r"HTTPS?ConnectionPool|NETWORK_ERROR|Connection reset|Connection aborted|RemoteDisconnected|Read timed out"
        r"|SOCKET_TIMEOUT|Code: 210\b|SERVER_OVERLOADED|Unexpected Http Driver Exception",
        "ClickHouse is not reachable: start it, or correct CLICKHOUSE_HOST and CLICKHOUSE_PORT, and run this again.",
        True,
    ),
    (
        r"Cannot parse PostgreSQL value '(?P<value>[^']*)' as (?P<type>[A-Za-z]+)",
        "Postgres holds the value {value}, which ClickHouse's {type} cannot hold: correct it at the source and run this again.",
        False,
    ),
    (
        r"Compilation Error[^\n]*\n\s*(?P<sentence>[^\n]+)",
        "{sentence}",
        False,
    ),
)


def explain(message: str, prefix: str = "") -> Failure:
    """The first rule that fits the message of dbt, ClickHouse or Postgres; else the engine's own first line.

    prefix: what the names of the source's variables begin with (see `source.PREFIXES`).
    """
    for pattern, sentence, transient in _RULES:
        found = re.search(pattern, message)
        if found:
            return Failure(hide_secrets(sentence.format(source=_source(prefix), prefix=prefix, **found.groupdict())), transient)
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    engine = next((line for line in lines if "DB::Exception" in line), lines[0] if lines else "Unknown error")
    return Failure(hide_secrets(engine))


def hide_secrets(text: str) -> str:
    """The text without the passwords in the environment."""
    for name in ("PGPASSWORD", "BRAND_VISIBILITY_PGPASSWORD", "DBT_ENV_SECRET_CLICKHOUSE_PASSWORD"):
        secret = os.environ.get(name)
        if secret:
            text = text.replace(secret, "*****")
    return text
