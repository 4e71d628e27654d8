"""The messages of dbt, ClickHouse and Postgres that have a sentence of their own, the specific before the general.

A sentence may name the groups of its pattern, {prefix} (what the variables of the source begin with) and {source} (its host).
"""

from dataclasses import dataclass

AGAIN = "correct {prefix}PGUSER and {prefix}PGPASSWORD and run `entity-metrics connect` again."
GRANT = "grant select on it to the user of the named collection."


@dataclass(frozen=True)
class Rule:
    """pattern: a regular expression for the message; sentence: what to say; transient: whether trying again may help."""

    pattern: str
    sentence: str
    transient: bool = False


OUR_OWN = (
    Rule(
        r"Compilation Error[^\n]*\n\s*(?P<sentence>[^\n]*(?:Another run is writing | is held by )[^\n]+)",
        "{sentence}",
        transient=True,
    ),
    Rule(r"(?P<sentence>The chDB folder [^\n]*)", "{sentence}"),
)
"""Sentences of this project's macros and adapter that are to be read before what they quote."""

REFUSED_BY_POSTGRES = (
    Rule(
        r'password authentication failed for user "(?P<user>[^"]*)"',
        "Postgres refuses the password of user {user}: " + AGAIN,
    ),
    Rule(
        r"no password supplied",
        "Postgres asks for a password, and the named collection has none: set {prefix}PGPASSWORD"
        " and run `entity-metrics connect` again.",
    ),
    Rule(
        r'(?P<what>no pg_hba\.conf entry for [^\n]*?user "(?P<user>[^"]*)", database "(?P<database>[^"]*)",? *'
        r"(?P<encryption>no encryption|SSL off|SSL encryption|SSL on)?)",
        "Postgres lets user {user} not into database {database} from where ClickHouse runs ({encryption}): add a line to its"
        " pg_hba.conf, or take a user, host or encryption that has one.",
    ),
    Rule(
        r'pg_hba\.conf rejects connection for [^\n]*?user "(?P<user>[^"]*)", database "(?P<database>[^"]*)"',
        "Postgres's pg_hba.conf rejects user {user} for database {database} from where ClickHouse runs: change that line,"
        " or take another user or host.",
    ),
    Rule(
        r"server does not support SSL, but SSL was required",
        "Postgres at {source} speaks no SSL, and the connection asks for it: switch SSL on there, or set PGSSLMODE=prefer"
        " where ClickHouse runs.",
    ),
    Rule(
        r"(?P<what>SSL error: [^\n]*|root certificate file [^\n]* does not exist"
        r"|server certificate for [^\n]* does not match[^\n]*)",
        "Postgres at {source} and ClickHouse do not agree on SSL ({what}): correct the certificate or PGSSLMODE where"
        " ClickHouse runs.",
    ),
    Rule(
        r'role "(?P<user>[^"]*)" is not permitted to log in',
        "Postgres lets role {user} not log in: run `alter role ... login` there, or name another by {prefix}PGUSER"
        " and run `entity-metrics connect` again.",
    ),
    Rule(
        r'permission denied for database "(?P<database>[^"]*)"',
        "The user of the named collection may not connect to database {database}: run `grant connect on database ...`"
        " in Postgres.",
    ),
    Rule(
        r'FATAL:\s+(?P<what>(?:role|database) "[^"]*" does not exist)',
        "Postgres says: {what}: correct {prefix}PGUSER and {prefix}PGDATABASE and run `entity-metrics connect` again.",
    ),
    Rule(
        r'PostgreSQL table "(?P<schema>[^"]*)"\."(?P<table>[^"]*)" does not exist',
        "Postgres shows no table {table} in the schema {schema}: correct {prefix}PGDATABASE and {prefix}PGSCHEMA"
        " and run `entity-metrics connect` again.",
    ),
    Rule(r'ERROR:\s+schema "(?P<schema>[^"]*)" does not exist', "Postgres has no schema {schema}: correct {prefix}PGSCHEMA."),
    Rule(
        r"permission denied for (?P<what>(?:table|view|materialized view|foreign table|schema|relation) [^\s,]+)",
        "Postgres denies access to {what}: " + GRANT,
    ),
    Rule(
        r'could not translate host name "(?P<host>[^"]*)"',
        "The host {host} has no address where ClickHouse runs: correct {prefix}PGHOST and run `entity-metrics connect` again.",
    ),
    Rule(
        r"Cannot parse PostgreSQL value '(?P<value>[^']*)' as (?P<type>[A-Za-z0-9]+)",
        "Postgres holds the value {value}, which ClickHouse's {type} cannot hold: correct it at the source and run this again.",
    ),
)

PASSING_IN_POSTGRES = (
    Rule(
        r"too many connections for role|sorry, too many clients already|remaining connection slots are reserved"
        r"|too many connections for database",
        "Postgres has no connection free ({prefix}PGHOST {source}): lower the var pull_streams or --concurrency,"
        " or raise the limit there.",
        transient=True,
    ),
    Rule(
        r"(?:canceling statement|terminating connection) due to conflict with recovery",
        "The Postgres replica cancelled a query that held up its recovery: raise max_standby_streaming_delay there,"
        " switch hot_standby_feedback on, or make ranges smaller by --batch-size.",
        transient=True,
    ),
    Rule(
        r"canceling statement due to statement timeout",
        "Postgres cancelled a query by its statement_timeout: make ranges smaller by --batch-size,"
        " or run `alter role ... set statement_timeout = 0` for the user of the named collection.",
        transient=True,
    ),
    Rule(
        r"canceling statement due to (?P<what>user request|lock timeout)|deadlock detected|could not serialize access",
        "Postgres cancelled a query ({what}): run this again.",
        transient=True,
    ),
    Rule(
        r"POSTGRESQL_CONNECTION_FAILURE|connection to server|server closed the connection|terminating connection"
        r"|the database system is|could not receive data from server|pqxx::broken_connection|Lost connection to the database",
        "Postgres is not reachable ({prefix}PGHOST {source}): start it, or correct {prefix}PGHOST and {prefix}PGPORT,"
        " and run this again.",
        transient=True,
    ),
)

PASSING_IN_CLICKHOUSE = (
    Rule(
        r"Code: 252\b|TOO_MANY_PARTS",
        "ClickHouse has too many parts to take more at once: wait for its merges, and run this again.",
        transient=True,
    ),
    Rule(
        r"Code: 242\b|TABLE_IS_READ_ONLY",
        "A table in ClickHouse is in read-only mode, as while its replica has no session in Keeper: check Keeper,"
        " and run this again.",
        transient=True,
    ),
    Rule(
        r"Code: 999\b|KEEPER_EXCEPTION|Session expired|ZSESSIONEXPIRED",
        "ClickHouse lost its session in Keeper: check Keeper and run this again.",
        transient=True,
    ),
    Rule(
        r"Code: 202\b|TOO_MANY_SIMULTANEOUS_QUERIES",
        "ClickHouse runs as many queries as it may: lower --concurrency, or run this again when there are fewer.",
        transient=True,
    ),
)

REFUSED_BY_CLICKHOUSE = (
    Rule(
        r"There is no named collection `(?P<name>[^`]*)`",
        "The target has no named collection {name}: run `entity-metrics connect`.",
    ),
    Rule(
        r"AUTHENTICATION_FAILED|REQUIRED_PASSWORD|WRONG_PASSWORD",
        "ClickHouse refuses the user or its password: correct CLICKHOUSE_USER and DBT_ENV_SECRET_CLICKHOUSE_PASSWORD.",
    ),
    Rule(
        r"Not enough privileges\. To execute this query, it's necessary to have the grant (?P<grant>[^\n]*?)(?:\. \(|\s*$|\()",
        "The ClickHouse user lacks a right: grant {grant} to it.",
    ),
    Rule(
        r"Code: 243\b|NOT_ENOUGH_SPACE|No space left on device",
        "The disk of ClickHouse is full: make room there, and run this again.",
    ),
    Rule(
        r"HTTPS?ConnectionPool|NETWORK_ERROR|Connection reset|Connection aborted|RemoteDisconnected|Read timed out"
        r"|SOCKET_TIMEOUT|Code: 210\b|SERVER_OVERLOADED|Unexpected Http Driver Exception|Connection refused",
        "ClickHouse is not reachable: start it, or correct CLICKHOUSE_HOST and CLICKHOUSE_PORT, and run this again.",
        transient=True,
    ),
)

SAID_BY_DBT = (
    Rule(
        r"(?:Read-only file system|Permission denied): '(?P<path>[^']*)'",
        "{path} cannot be written: name folders that can be by DBT_LOG_PATH and DBT_TARGET_PATH, and the engine's by"
        " ENTITY_METRICS_CHDB_PATH.",
    ),
    Rule(
        r"[Tt]he profile '(?P<profile>[^']*)' does not have a target named '(?P<target>[^']*)'\.?"
        r"(?:\s+The valid target names for this profile are:(?P<outputs>(?:\s+- [^\n]+)+))?",
        "profiles.yml has no output {target} for {profile}: give one of its outputs to --target: {outputs}.",
    ),
    Rule(
        r"Could not find profile named '(?P<profile>[^']*)'",
        "There is no profile {profile}: run `make setup`, or copy profiles.yml.example to profiles.yml,"
        " and set DBT_PROFILES_DIR if it is not in this folder.",
    ),
    Rule(
        r"[Ii]nvalid value for '--profiles-dir'[^\n]*|profiles\.yml[^\n]*(?:does not exist|not found)",
        "There is no profiles.yml: run `make setup`, or copy profiles.yml.example to profiles.yml.",
    ),
    Rule(
        r"(?P<variable>Env var required but not provided: '[^']*')",
        "profiles.yml needs a variable of the environment that is not set ({variable}).",
    ),
    Rule(
        r"This model has an enforced contract that failed\.[^|]*\|[^\n]*\n[^\n]*\n\s*\|\s*(?P<column>\S+)\s*\|"
        r"\s*(?P<definition>[^|]*?)\s*\|"
        r"\s*(?P<contract>[^|]*?)\s*\|\s*(?P<mismatch>[^|]*?)\s*\|",
        "The column {column} breaks its model's contract ({mismatch}: it is {definition}, and the contract says {contract}):"
        " correct the column at the source, or the contract in the model's yml.",
    ),
    Rule(
        r"Runtime Error[^\n]*\n\s*(?P<sentence>[^\n]*(?:out of range|does not fit)[^\n]*)",
        "{sentence}",
    ),
    Rule(
        r"Cannot parse|CANNOT_PARSE_|VALUE_IS_OUT_OF_RANGE|DECIMAL_OVERFLOW|CANNOT_CONVERT_TYPE",
        "A value does not fit the type that ClickHouse reads it as; what it says is in logs/dbt.log:"
        " run `entity-metrics doctor`, which names such columns.",
    ),
    Rule(r"Compilation Error[^\n]*\n\s*(?P<sentence>[^\n]+)", "{sentence}"),
)

RULES: tuple[Rule, ...] = (
    *OUR_OWN,
    *REFUSED_BY_POSTGRES,
    *PASSING_IN_POSTGRES,
    *PASSING_IN_CLICKHOUSE,
    *REFUSED_BY_CLICKHOUSE,
    *SAID_BY_DBT,
)
