"""What both revisions are built from: a sample site of the run's own, or a Postgres that is given."""

import os
import subprocess
from pathlib import Path

import psycopg

from entity_metrics import embedded_postgres, sample_site
from entity_metrics.diff import folders
from entity_metrics.diff.builds import Source
from entity_metrics.source import PREFIXES, connection_from_environment

ENTITIES = 500


def given() -> Source:
    """The Postgres that PGHOST ... name, and that of BRAND_VISIBILITY_PGHOST ... if it is set."""
    names = [
        prefix + name
        for prefix in PREFIXES.values()
        for name in ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE", "PGSCHEMA")
    ]
    with psycopg.connect(sample_site.dsn(connection_from_environment())):
        pass  # one sentence now, rather than one of each revision
    connected = [name for name, prefix in PREFIXES.items() if not prefix or os.environ.get(prefix + "PGHOST")]
    absent = [name for name in PREFIXES if name not in connected]
    return Source({name: os.environ[name] for name in names if name in os.environ}, connected, absent, None, filled=False)


def sample(folder: Path) -> Source:
    """A sample site whose server is this run's, with the rows that it has in every run; they are kept, and copied."""
    scripts = [*sorted(sample_site.SCRIPTS.glob("*.sql")), Path(sample_site.__file__)]
    key = folders.key_of([ENTITIES, *(file.read_text() for file in scripts)])
    place = folders.kept(key)
    if place is None:
        made = folder / "sample_site"
        sample_site.fill_postgres(made / "postgres", ENTITIES)
        embedded_postgres.stop(made / "postgres")
        place = folders.keep(key, made)
    # With the owner, who is not root even where root runs this.
    subprocess.run(["cp", "-pR", place / "postgres", folder / "postgres"], check=True)
    return Source(sample_site.start_postgres(folder / "postgres"), list(PREFIXES), [], key, filled=True)
