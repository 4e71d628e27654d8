"""ClickHouse's HTTP interface over chDB, as far as clickhouse-connect and the stock adapter use it: loopback only, for tests.

`python http_clickhouse.py <folder> <port> <password>` serves chDB's folder until it is killed, and prints a line when it does.
The environment's time zone (TZ) is the server's. Its only user is `default`. It is a cluster of itself, whatever the name: a
statement `on cluster` goes into the file <folder>.on_cluster as it came, and to the engine without the clause, with MergeTree in
place of ReplicatedMergeTree.
"""

import base64
import binascii
import contextlib
import gzip
import io
import json
import re
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import chdb
import lz4.frame

TRANSPORT = {
    *("query", "database", "default_format", "session_id", "session_timeout", "session_check", "query_id", "quota_key", "role"),
    *("user", "password", "compress", "decompress", "buffer_size", "wait_end_of_query", "client_protocol_version"),
    *("enable_http_compression", "send_progress_in_http_headers", "http_headers_progress_interval_ms"),
    *("cancel_http_readonly_queries_on_client_close", "http_write_exception_in_output_format"),
}
"""What a URL may hold besides settings of the query, and settings of the interface itself."""

STATUS = {
    **dict.fromkeys((62, 36, 6, 27, 53, 70), 400),  # syntax, arguments, types
    **dict.fromkeys((46, 47, 50, 56, 60, 81, 115), 404),  # an unknown function, identifier, type, table, database or setting
    **dict.fromkeys((516, 192), 403),
}
"""HTTP status by the engine's code, as the server has it; 500 for all others."""

INSERT = re.compile(rb"(\s*insert\s+into\s.*?)\sformat\s+(\w+)[^\S\n]*\n?(.+)", re.IGNORECASE | re.DOTALL)
ON_CLUSTER = re.compile(rb"\s+on cluster (\"\w+\"|'\w+'|`\w+`|\w+)", re.IGNORECASE)
REPLICATED = re.compile(rb"Replicated(\w*MergeTree)(\([^)]*\))?")
ALL_REPLICAS = re.compile(rb"clusterAllReplicas\(\s*[\"'`\w]+,\s*([\w.]+)\s*\)")
IDLE_SECONDS = 60.0


class Session:
    """A connection to the engine: the state of an HTTP session, with the settings of the last query's URL."""

    def __init__(self, engine: str) -> None:
        self.lock = threading.Lock()
        self.used = time.monotonic()
        self._connection = chdb.connect(engine)
        self._settings: dict[str, str] = {}
        self._database = ""

    def query(self, sql: bytes, url: dict[str, str]) -> tuple[bytes, dict[str, int], str | None]:
        """The response's body, its summary, and its format; None where the statement gives no rows. Raises ChdbError."""
        self._apply({name: value for name, value in url.items() if name not in TRANSPORT and not name.startswith("param_")})
        database = url.get("database", "default")
        if database != self._database:
            self._connection.query(f"use `{database}`")
            self._database = database
        inserted = INSERT.fullmatch(sql)
        if inserted:
            statement, input_format, data = inserted.groups()
            with self._connection.send_insert(statement.decode(), input_format.decode()) as insert:
                insert.append(data)
                return b"", {"written_rows": insert.finish().rows_written}, None
        params = {name.removeprefix("param_"): value for name, value in url.items() if name.startswith("param_")}
        asked = re.search(rb"\bformat\s+(\w+)[\s;]*$", sql, re.IGNORECASE)
        output = asked[1].decode() if asked else url.get("default_format", "TabSeparated")
        # Names are a line that any result has, and a statement without one has not.
        plain = output == "TabSeparated" and not asked
        result = self._connection.query(sql, "TabSeparatedWithNames" if plain else output, params=params)
        body = result.bytes() or b""
        gives_rows = bool(body) or bool(asked)
        if plain:
            body = body.partition(b"\n")[2]
        summary = {
            "read_rows": result.storage_rows_read(),
            "read_bytes": result.storage_bytes_read(),
            "written_rows": result.rows_written(),
            "written_bytes": result.bytes_written(),
        }
        return body, summary, output if gives_rows else None

    def _apply(self, settings: dict[str, str]) -> None:
        """Settings of a URL hold for one query."""
        for name in self._settings.keys() - settings.keys():
            self._connection.query(f"set {name} = default")
        for name, value in settings.items():
            if self._settings.get(name) != value:
                quoted = value.replace("\\", "\\\\").replace("'", "\\'")
                self._connection.query(f"set {name} = '{quoted}'")
        self._settings = settings

    def close(self) -> None:
        self._connection.close()


class Endpoint(ThreadingHTTPServer):
    """Serves a chDB folder."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, path: str, options: str, port: int, password: str) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.path, self.password = path, password
        self.address = f"{path}?{options}"
        self.sessions: dict[str, Session] = {}
        self.sessions_lock = threading.Lock()
        self.engine = Session(self.address)  # keeps the engine open
        self.timezone = self.engine.query(b"select timezone()", {})[0].decode().strip()

    def handle_error(self, *_: object) -> None:
        """Clients may be killed."""

    @contextlib.contextmanager
    def session(self, url: dict[str, str]) -> Any:
        """The session that a URL names, or one of its own for this query. Raises RuntimeError for one in use."""
        name = url.get("session_id")
        if not name or "readonly" in url:  # which cannot be taken back
            alone = Session(self.address)
            try:
                yield alone
            finally:
                alone.close()
            return
        with self.sessions_lock:
            for idle in [key for key, kept in self.sessions.items() if time.monotonic() - kept.used > IDLE_SECONDS]:
                if not self.sessions[idle].lock.locked():
                    self.sessions.pop(idle).close()
            if name not in self.sessions:
                self.sessions[name] = Session(self.address)
            kept = self.sessions[name]
            if not kept.lock.acquire(blocking=False):
                raise RuntimeError(
                    f"Code: 373. DB::Exception: Session {name} is locked by a concurrent client (SESSION_IS_LOCKED)"
                )
        try:
            yield kept
        finally:
            kept.used = time.monotonic()
            kept.lock.release()

    def for_one_node(self, sql: bytes) -> bytes:
        """The statement without its clause `on cluster`, noted as it came."""
        sql = ALL_REPLICAS.sub(rb"(select *, 1 as _shard_num from \1)", sql)
        if not ON_CLUSTER.search(sql):
            return sql
        with self.sessions_lock, Path(f"{self.path}.on_cluster").open("ab") as noted:
            noted.write(b" ".join(sql.split()) + b"\n")
        return REPLICATED.sub(rb"\1", ON_CLUSTER.sub(b"", sql))


class Handler(BaseHTTPRequestHandler):
    """A request: a query in the URL, in the body, or its beginning in the URL and its data in the body."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one packet: the client would acknowledge the first only after 40 ms
    server: Endpoint

    def do_GET(self) -> None:
        address = urllib.parse.urlsplit(self.path)
        if address.path in ("/ping", "/") and not address.query:
            self.answer(200, b"Ok.\n", {})
            return
        url = dict(urllib.parse.parse_qsl(address.query, keep_blank_values=True))
        body = self.body()
        headers = {"X-ClickHouse-Query-Id": url.get("query_id", ""), "X-ClickHouse-Timezone": self.server.timezone}
        try:
            self.authenticate(url)
            sql = self.server.for_one_node(b"\n".join(part for part in (url.get("query", "").encode(), body) if part))
            with self.server.session(url) as session:
                started = time.perf_counter_ns()
                result, summary, output = session.query(sql, url)
        except Exception as ex:
            message = str(ex)[max(str(ex).find("Code: "), 0) :]
            code = re.match(r"Code: (\d+)", message)
            headers["X-ClickHouse-Exception-Code"] = code[1] if code else "1002"
            self.answer(STATUS.get(int(code[1]) if code else 0, 500), message.encode() + b"\n", headers)
            return
        summary["elapsed_ns"] = time.perf_counter_ns() - started
        headers["X-ClickHouse-Summary"] = json.dumps({name: str(value) for name, value in summary.items()})
        self.answer(200, result, headers | ({"X-ClickHouse-Format": output} if output else {}))

    do_POST = do_GET

    def authenticate(self, url: dict[str, str]) -> None:
        """Raises PermissionError, as the server would say it, for another user than `default` with the password."""
        user, password = self.headers.get("X-ClickHouse-User"), self.headers.get("X-ClickHouse-Key", "")
        basic = self.headers.get("Authorization", "").removeprefix("Basic ")
        if basic:
            with contextlib.suppress(binascii.Error):
                user, _, password = base64.b64decode(basic).decode().partition(":")
        user, password = url.get("user", user or "default"), url.get("password", password)
        if (user, password) != ("default", self.server.password):
            raise PermissionError(
                f"Code: 516. DB::Exception: {user}: Authentication failed: password is incorrect,"
                " or there is no user with such name. (AUTHENTICATION_FAILED)"
            )

    def body(self) -> bytes:
        """The request's body, whole or in chunks, decompressed."""
        if self.headers.get("Transfer-Encoding") == "chunked":
            chunks = []
            while size := int(self.rfile.readline(), 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            body = b"".join(chunks)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        encoding = self.headers.get("Content-Encoding")
        if encoding == "lz4":  # a frame for each block
            with lz4.frame.open(io.BytesIO(body)) as frames:
                return frames.read()
        return gzip.decompress(body) if encoding == "gzip" else body

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    endpoint = Endpoint(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
    print("ready", flush=True)
    endpoint.serve_forever()
