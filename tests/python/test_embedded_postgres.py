"""The server of the sample site, in folders that people have."""

from pathlib import Path

import psycopg
import pytest

from entity_metrics import embedded_postgres


@pytest.mark.parametrize("name", ["my site", "it's a site; (mine) & more"])
def test_a_folder_with_a_space(tmp_path: Path, name: str) -> None:
    """Started, asked and stopped; the socket is where a path is one word."""
    folder = tmp_path / name / "postgres"
    connection = embedded_postgres.start(folder)
    try:
        with psycopg.connect(host=connection["PGHOST"], port=connection["PGPORT"], user="postgres") as asked:
            assert asked.execute("show data_directory").fetchone() == (str(folder.resolve()),)
    finally:
        assert embedded_postgres.stop(folder)


def test_a_socket_folder_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else can put a server in its place."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    data = tmp_path / "my site"
    data.mkdir()
    made = embedded_postgres._socket_folder(data, data)
    assert made.parent == tmp_path and " " not in made.name
    made.rmdir()
    made.symlink_to(data)
    with pytest.raises(OSError, match="is another user's"):
        embedded_postgres._socket_folder(data, data)
