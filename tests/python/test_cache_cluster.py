"""Lookups, the recorder and the tools on a cluster of three servers; and over TLS."""

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from entity_metrics import embedded_valkey
from entity_metrics.serving.bulk import BulkFill
from entity_metrics.serving.check import Check
from entity_metrics.serving.keys import entity_key
from entity_metrics.serving.refresh import tell_cache
from entity_metrics.serving.store import Cache, Lifetimes
from harness import EVENTS, Project
from serving import DATABASE, Valkey, client, metrics, recorder, summed

JOB = "source_events"
SLOTS = ((0, 5460), (5461, 10922), (10923, 16383))


def free_ports(count: int) -> list[int]:
    """Ports whose neighbours for the cluster's own talk (10,000 higher) are free, too."""
    ports: list[int] = []
    for port in range(21_000, 50_000, 7):
        with socket.socket() as one, socket.socket() as other:
            try:
                one.bind(("127.0.0.1", port))
                other.bind(("127.0.0.1", port + 10_000))
            except OSError:
                continue
        ports.append(port)
        if len(ports) == count:
            return ports
    raise OSError("no free ports")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of one of three servers, each with a third of the slots."""
    folders = [tmp_path_factory.mktemp("node") for _ in SLOTS]
    ports = free_ports(len(SLOTS))
    try:
        for folder, port in zip(folders, ports, strict=True):
            embedded_valkey.start(folder, f"port {port}\nbind 127.0.0.1\ncluster-enabled yes\ncluster-node-timeout 5000")
        nodes = [redis.Redis(port=port) for port in ports]
        for node, slots in zip(nodes, SLOTS, strict=True):
            node.execute_command("CLUSTER", "ADDSLOTSRANGE", *slots)
            node.execute_command("CLUSTER", "MEET", "127.0.0.1", ports[0])
        ends = time.monotonic() + 60
        while any(node.execute_command("CLUSTER INFO")["cluster_state"] != "ok" for node in nodes):
            assert time.monotonic() < ends
            time.sleep(0.1)
        yield f"redis://127.0.0.1:{ports[0]}"
    finally:
        for folder in folders:
            embedded_valkey.stop(folder)


def test_a_cluster(served_site: Project, cluster: str, tmp_path: Path) -> None:
    site = served_site
    site.rows(f"insert into {EVENTS} select 'Image', number, 7, 'Like', 1 + number, now() - 9000000, 1 from numbers(1200)")
    site.dbt_here("run", "--select", "totals")
    cache = Cache(cluster, cluster=True, lifetimes=Lifetimes(write=5))
    lookups = metrics(site, cache)
    due = summed(site, "Image")
    assert lookups.get("Image", range(100)).totals == {i: due[i] for i in range(100)}
    assert lookups.get("Image", [5000]).totals == {5000: {}}
    with recorder(site, tmp_path, cache) as to:
        for i in range(200):
            to.record("Image", i, 8, "Like", 1, event_id=f"e{i}")
            to.record("Image", i, 8, "Like", 1, event_id=f"e{i}")
        assert to.flush()
    due = summed(site, "Image")
    assert due[7]["Like"] == 9
    queries = len(lookups._reader.queries)
    assert lookups.get("Image", range(100)).totals == {i: due[i] for i in range(100)}
    assert len(lookups._reader.queries) == queries, "the hashes were incremented"
    # The tools.
    filled = BulkFill(client(site), DATABASE, cache).fill("Image")
    assert filled.kept == 1200
    check = Check(client(site), DATABASE, cache, pauses=(0.05,))
    assert (check.run().compared, check.run().is_right) == (1201, True)
    cache.client.hincrby(entity_key("Image", 9), "Like", 1)
    red = check.run()
    assert [problem.examples[0]["key"] for problem in red.problems] == [entity_key("Image", 9)]
    tell_cache(client(site), DATABASE, cache)
    site.rows(f"insert into {EVENTS} select 'Image', 3, 7, 'Like', 1, now() - 9000000, 1")
    site.dbt_here("run", "--select", "totals")
    BulkFill(client(site), DATABASE, cache).fill("Image")
    taken, since = tell_cache(client(site), DATABASE, cache)
    assert since and taken >= 1 and not cache.client.exists(entity_key("Image", 3))
    cache.client.set("session:1", 1)
    assert cache.clear() > 900
    left = {key for node in cache.primaries() for key in node.scan_iter("*")}
    assert "session:1" in left and not any(key.startswith("entity:metrics:Image") for key in left)
    cache.close()


def test_a_cluster_that_is_away(served_site: Project) -> None:
    """ClickHouse is asked, as by an application that starts while the cluster is away."""
    cache = Cache(f"redis://127.0.0.1:{free_ports(1)[0]}", cluster=True)
    assert metrics(served_site, cache).get("Post", [2]).totals == {2: {}}


def test_tls(served_site: Project, valkey: Valkey, tmp_path: Path) -> None:
    """rediss://: the wheel's Valkey has no TLS, so a program in front of it has."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "2"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate), *subject]
    subprocess.run(made, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listening = socket.create_server(("127.0.0.1", 0))

    def copy(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65_536):
                target.sendall(data)
        except OSError:
            pass
        finally:
            target.close()

    def serve() -> None:
        while True:
            try:
                plain, _ = listening.accept()
                given = context.wrap_socket(plain, server_side=True)
            except ssl.SSLError:
                continue
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(valkey.path)
            for pair in ((given, server), (server, given)):
                threading.Thread(target=copy, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    url = f"rediss://127.0.0.1:{listening.getsockname()[1]}"
    cache = Cache(f"{url}?ssl_ca_certs={certificate}")
    assert metrics(served_site, cache).get("Post", [1]).totals == {1: {}}
    assert valkey.cache().client.exists("{" + entity_key("Post", 1) + "}:absent")
    with pytest.raises(redis.ConnectionError, match="certificate"):
        Cache(url).client.ping()
    cache.close()
    listening.close()
