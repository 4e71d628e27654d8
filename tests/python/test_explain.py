"""One sentence for every failure: each rule by a message that was really said, and properties that hold for all messages."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import clickhouse_connect
import pytest
from dbt.adapters.chdb import ENGINE_OPTIONS
from hypothesis import given, settings
from hypothesis import strategies as st

from entity_metrics.explain import SECRETS, explain, hide_secrets
from entity_metrics.rules import RULES
from harness import Server

FAILED = (
    'Code: 614. DB::Exception: Try 2. Connection to `h:5432` failed with error: connection to server at "h", port 5432 failed: '
)
STD = "Code: 1001. DB::Exception: pqxx::sql_error: Failure during '[END COPY]': ERROR:  "

SAID: list[tuple[str, str, bool]] = [
    # Not transient: what Postgres refuses.
    (FAILED + 'FATAL:  password authentication failed for user "site"\n\n', "Postgres refuses the password of user site", False),
    (FAILED + "fe_sendauth: no password supplied\n\n", "set PGPASSWORD and run `entity-metrics connect`", False),
    (
        FAILED + 'FATAL:  no pg_hba.conf entry for host "10.0.0.7", user "site", database "prod", no encryption\n\n',
        "lets user site not into database prod from where ClickHouse runs (no encryption): add a line to its pg_hba.conf",
        False,
    ),
    (
        FAILED + 'FATAL:  pg_hba.conf rejects connection for host "[local]", user "site", database "prod", no encryption\n\n',
        "Postgres's pg_hba.conf rejects user site for database prod",
        False,
    ),
    (FAILED + "server does not support SSL, but SSL was required\n", "speaks no SSL, and the connection asks for it", False),
    (FAILED + "SSL error: certificate verify failed\n", "do not agree on SSL (SSL error: certificate verify failed)", False),
    (FAILED + 'FATAL:  role "app" is not permitted to log in\n\n', "Postgres lets role app not log in", False),
    (
        FAILED + 'FATAL:  permission denied for database "closed"\nDETAIL:  User does not have CONNECT privilege.\n\n',
        "may not connect to database closed: run `grant connect on database",
        False,
    ),
    (FAILED + 'FATAL:  role "nobody" does not exist\n', 'Postgres says: role "nobody" does not exist', False),
    (FAILED + 'FATAL:  database "nodb" does not exist\n', 'Postgres says: database "nodb" does not exist', False),
    (
        FAILED + 'could not translate host name "no.such" to address: Name or service not known\n',
        "host no.such has no address",
        False,
    ),
    (
        'Code: 60. DB::Exception: PostgreSQL table "nosuch"."TagMetric" does not exist. (UNKNOWN_TABLE)',
        "Postgres shows no table TagMetric in the schema nosuch: correct PGDATABASE and PGSCHEMA",
        False,
    ),
    (STD + 'schema "gone" does not exist\n', "Postgres has no schema gone", False),
    (STD + "permission denied for table TagMetric\n", "Postgres denies access to table TagMetric: grant select on it", False),
    (STD + "permission denied for schema s\nLINE 1: COPY ...", "Postgres denies access to schema s", False),
    (
        "Code: 36. DB::Exception: Cannot parse PostgreSQL value 'NaN' as Decimal(38, 19): Unexpected data",
        "Postgres holds the value NaN, which ClickHouse's Decimal cannot hold",
        False,
    ),
    # Transient: what passes in Postgres.
    (FAILED + 'FATAL:  too many connections for role "site"\n\n', "Postgres has no connection free", True),
    (FAILED + "FATAL:  sorry, too many clients already\n", "Postgres has no connection free", True),
    (
        FAILED + "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute\n",
        "no connection free",
        True,
    ),
    (STD + "canceling statement due to conflict with recovery\nDETAIL: User query", "replica cancelled a query", True),
    (STD + "terminating connection due to conflict with recovery\n", "replica cancelled a query", True),
    (STD + "canceling statement due to statement timeout\n", "cancelled a query by its statement_timeout", True),
    (STD + "canceling statement due to user request\n", "Postgres cancelled a query (user request)", True),
    (FAILED + "Connection refused\n\tIs the server running", "Postgres is not reachable (PGHOST h.example)", True),
    (STD + "terminating connection due to administrator command\n", "Postgres is not reachable", True),
    (FAILED + "FATAL:  the database system is starting up\n", "Postgres is not reachable", True),
    ("could not receive data from server: Connection reset by peer", "Postgres is not reachable", True),
    # Transient: what passes in ClickHouse.
    ("Code: 252. DB::Exception: Too many parts (3000). Merges are ... (TOO_MANY_PARTS)", "too many parts", True),
    ("Code: 242. DB::Exception: Table is in readonly mode (zookeeper path: /x) (TABLE_IS_READ_ONLY)", "in read-only mode", True),
    ("Code: 999. Coordination::Exception: Session expired. (KEEPER_EXCEPTION)", "lost its session in Keeper", True),
    (
        "Code: 202. DB::Exception: Too many simultaneous queries. (TOO_MANY_SIMULTANEOUS_QUERIES)",
        "as many queries as it may",
        True,
    ),
    ("HTTPConnectionPool(host='h', port=8123): Max retries exceeded", "ClickHouse is not reachable", True),
    ("('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))", "ClickHouse is not reachable", True),
    ("Code: 210. DB::NetException: Connection reset by peer. (NETWORK_ERROR)", "ClickHouse is not reachable", True),
    (
        "Compilation Error in model tags (models/tags.sql)\n  Another run is writing tags: invocation 7, since 12:00 UTC.",
        "Another run is writing tags: invocation 7",
        True,
    ),
    (
        "Compilation Error in model tags (x)\n  The lease tags is held by invocation 7 since 12:00.",
        "tags is held by invocation 7",
        True,
    ),
    # Not transient: what ClickHouse and dbt refuse.
    ("The chDB folder /x is in use by another process: wait for it", "The chDB folder /x is in use by another process", False),
    ("Code: 669. DB::Exception: There is no named collection `c`. (...)", "no named collection c: run `entity-metrics", False),
    ("Code: 516. DB::Exception: default: Authentication failed (AUTHENTICATION_FAILED)", "ClickHouse refuses the user", False),
    (
        "Code: 497. DB::Exception: u: Not enough privileges. To execute this query, it's necessary to have the grant"
        " CREATE TABLE ON a.b. (ACCESS_DENIED)",
        "The ClickHouse user lacks a right: grant CREATE TABLE ON a.b to it",
        False,
    ),
    ("Code: 243. DB::Exception: Cannot reserve 1 MiB, not enough space (NOT_ENOUGH_SPACE)", "disk of ClickHouse is full", False),
    (
        "Runtime Error\n  The profile 'entity_metrics' does not have a target named 'prod'. The valid target names for this"
        " profile are:\n   - embedded\n   - server",
        "profiles.yml has no output prod for entity_metrics: give one of its outputs to --target: embedded, server.",
        False,
    ),
    ("[Errno 30] Read-only file system: '/app/logs'", "/app/logs cannot be written: name folders", False),
    ("Could not find profile named 'entity_metrics'", "There is no profile entity_metrics: run `make setup`", False),
    ("Parsing Error\n  Env var required but not provided: 'CLICKHOUSE_HOST'", "is not set (Env var required", False),
    (
        "Compilation Error in model m (x.sql)\n  This model has an enforced contract that failed.\n  Please ensure ...\n\n"
        "  | column_name | definition_type | contract_type | mismatch_reason    |\n"
        "  | ----------- | --------------- | ------------- | ------------------ |\n"
        "  | bountyId    | Nullable(Int32) | Int32         | data type mismatch |\n",
        "The column bountyId breaks its model's contract (data type mismatch: it is Nullable(Int32), and the contract says Int32",
        False,
    ),
    ("Code: 69. DB::Exception: Value out of range (VALUE_IS_OUT_OF_RANGE)", "A value does not fit the type", False),
    ("Runtime Error in model m\n  Bounty total of 4 is 3000000000, which does not fit", "Bounty total of 4 is 3000000000", False),
    ("Compilation Error in model m (x)\n  The var x is 'y': give a date.", "The var x is 'y': give a date.", False),
]


@pytest.fixture(autouse=True)
def host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "h.example")


@pytest.mark.parametrize(("message", "sentence", "transient"), SAID, ids=[said[1][:40] for said in SAID])
def test_every_rule(message: str, sentence: str, transient: bool) -> None:
    told = explain(message)
    assert sentence in told.sentence
    assert told.transient == transient
    assert "\n" not in told.sentence


def test_no_rule_without_a_message() -> None:
    """Each rule is the first that fits one of the messages above, but for one that an older dbt says."""
    first = {next(rule.pattern for rule in RULES if re.search(rule.pattern, message)) for message, _, _ in SAID}
    unseen = [rule.sentence for rule in RULES if rule.pattern not in first]
    assert len(unseen) <= 1 and all("There is no profiles.yml" in sentence for sentence in unseen)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    client = clickhouse_connect.get_client(
        interface="chdb", path=str(tmp_path_factory.mktemp("engine") / "chdb"), chdb_options=ENGINE_OPTIONS
    )
    client.command("create named collection source as host = 'nowhere'")
    yield client
    client.close()


@pytest.mark.parametrize(
    ("role", "database", "sentence", "transient"),
    [
        ("wrong_password", "sample", "Postgres refuses the password of user wrong_password", False),
        ("without_password", "sample", "the named collection has none", False),
        ("without_login", "sample", "Postgres lets role without_login not log in", False),
        ("without_connect", "closed", "may not connect to database closed", False),
        ("without_select", "sample", "Postgres denies access to table TagMetric", False),
        ("rejected", "sample", "pg_hba.conf rejects user rejected for database sample", False),
        ("unlisted", "sample", "lets user unlisted not into database sample", False),
        ("no_such_database", "nodb", 'database "nodb" does not exist', False),
        ("limited", "sample", "Postgres has no connection free", True),
        ("hurried", "sample", "by its statement_timeout", True),
    ],
)
def test_what_postgres_really_says(
    server: Server, engine: object, role: str, database: str, sentence: str, transient: bool
) -> None:
    """The messages of the table above, from a Postgres and through ClickHouse."""
    file = server.folder / "pg_hba.conf"
    listed = file.read_text()
    with server.connect("postgres") as connection:
        connection.execute("create database closed")
        connection.execute("revoke connect on database closed from public")
        options = {"without_login": "nologin", "limited": "login connection limit 0"}.get(role, "login")
        connection.execute(f"create role {role} {options} password 'right'".encode())
        if role == "hurried":
            connection.execute("alter role hurried set statement_timeout = '20ms'")
        file.write_text(
            "local all postgres trust\nlocal all rejected reject\n"
            + ("" if role == "unlisted" else f"local all {role} scram-sha-256\n")
        )
        connection.execute("select pg_reload_conf()")
        password = {"wrong_password": "wrong", "without_password": ""}.get(role, "right")
        try:
            engine.command(
                f"alter named collection source set host = '{server.environment['PGHOST']}',"
                f" port = {server.environment['PGPORT']}, user = '{role}', password = '{password}', database = '{database}',"
                " schema = 'public'"
            )
            query = (
                "select * from postgresql(source, query = 'select pg_sleep(5)::text as slept')"
                if role == "hurried"
                else "select * from postgresql(source, table = 'TagMetric')"
            )
            with pytest.raises(Exception) as refused:
                engine.query(query)
        finally:
            file.write_text(listed)
            connection.execute("select pg_reload_conf()")
            connection.execute("drop database closed")
            connection.execute(f"drop role {role}".encode())
    told = explain(refused.value)
    assert sentence in told.sentence
    assert told.transient == transient


TEXTS = st.one_of(
    st.text(max_size=200),
    st.lists(st.sampled_from([message for message, _, _ in SAID]), max_size=3).map("\n".join),
    st.tuples(st.sampled_from([message for message, _, _ in SAID]), st.text(max_size=40)).map("".join),
)
PASSWORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=30).filter(
    lambda text: not text.isalpha() and not text.isdigit() and "*" not in text
)


@settings(max_examples=150, deadline=None)
@given(message=TEXTS)
def test_explain_never_fails(message: str) -> None:
    """Whatever is said: one sentence, on one line, that is not empty."""
    for error in (message, RuntimeError(message), KeyError(message), OSError(message)):
        told = explain(error)
        assert told.sentence.strip()
        assert len(told.sentence.splitlines()) == 1


@settings(max_examples=150, deadline=None)
@given(secret=PASSWORDS, before=TEXTS, form=st.sampled_from(["{}", "password='{}'", "\\'{}\\'", "('{}',)"]))
def test_explain_never_tells_a_secret(secret: str, before: str, form: str) -> None:
    old = {name: os.environ.get(name) for name in SECRETS}
    try:
        for name in SECRETS:
            os.environ[name] = secret
            escaped = secret.replace("\\", "\\\\").replace("'", "\\'")
            for written in (secret, escaped, secret.replace("'", "''")):
                message = f"{before} {form.replace('{}', written)}"
                assert written not in explain(message).sentence
                assert written not in hide_secrets(message)
            os.environ.pop(name)
    finally:
        os.environ.update({name: value for name, value in old.items() if value is not None})


def test_an_ordinary_word_is_not_starred(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stars in the place of `postgres` would tell that this is the password."""
    monkeypatch.setenv("PGPASSWORD", "postgres")
    said = explain('FATAL:  database "postgres" does not exist').sentence
    assert 'database "postgres" does not exist' in said and "*" not in said


def test_an_error_of_the_program_is_named() -> None:
    """`'vars'` was a sentence once."""
    assert explain(KeyError("vars")).sentence == "Unexpected KeyError: 'vars'"
    assert explain(AssertionError()).sentence == "Unexpected AssertionError."
    assert explain("Runtime Error\n  Required 'x' not found").sentence == "Required 'x' not found"
    assert explain("").sentence == "Unexpected error without a message."


def test_the_traceback_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the log file, without passwords; where there can be none, nothing else goes wrong."""
    from entity_metrics.errors import keep_traceback

    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path / "logs"))
    monkeypatch.setenv("PGPASSWORD", "s3cret-Pa55")
    try:
        {}["vars"]
    except KeyError as ex:
        ex.add_note("password s3cret-Pa55")
        written = keep_traceback(ex)
    text = Path(written).read_text()
    assert "test_the_traceback_is_kept" in text and "KeyError" in text and "s3cret-Pa55" not in text
    (tmp_path / "file").touch()
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path / "file" / "logs"))
    assert keep_traceback(ValueError("x")) == ""
