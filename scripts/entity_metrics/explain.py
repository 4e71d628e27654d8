"""One sentence for what went wrong, whatever layer said it."""

import json
import os
import re
import urllib.parse

from entity_metrics.errors import EntityMetricsError
from entity_metrics.rules import RULES

SECRETS = ("PGPASSWORD", "BRAND_VISIBILITY_PGPASSWORD", "DBT_ENV_SECRET_CLICKHOUSE_PASSWORD")
"""The environment variables that hold passwords."""

URLS = ("ENTITY_METRICS_CACHE_URL",)
"""Those that hold a URL with a password in it."""

_HEADING = re.compile(r"(?:[A-Z][a-z]+ )?(?:[A-Z]\w*)?Error(?: in [^\n]*)?")
"""dbt's first line, such as `Runtime Error` or `Database Error in model tags (models/tags.sql)`: what happened follows."""


def explain(error: BaseException | str, prefix: str = "") -> EntityMetricsError:
    """What the first rule says that fits the message of dbt, ClickHouse or Postgres; else the engine's own first line.

    prefix: what the names of the source's variables begin with (see `source.PREFIXES`).
    """
    if isinstance(error, EntityMetricsError):
        return error
    message = str(error)
    for rule in RULES:
        found = re.search(rule.pattern, message)
        if found:
            words = {name: _enumerated(value or "") for name, value in found.groupdict().items()}
            sentence = rule.sentence.format_map({"source": _source(prefix), "prefix": prefix} | words)
            return EntityMetricsError(_one_line(sentence), rule.transient)
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    said = [line for line in lines if not _HEADING.fullmatch(line)] or lines
    engine = next((line for line in said if "DB::Exception" in line), said[0] if said else "")
    if isinstance(error, (LookupError, TypeError, AttributeError, AssertionError)):
        engine = f"Unexpected {type(error).__name__}" + (f": {engine}" if engine else ".")
    return EntityMetricsError(_one_line(engine))


def hide_secrets(text: str) -> str:
    """The text without the passwords in the environment, as they are, escaped or encoded.

    Secrets are kept out of messages where these are made (see `source.connect`); this is a second line. A password that may
    be an ordinary word is left: a star in the place of each `postgres` would tell that this is the password.
    """
    for secret in [*(os.environ.get(name, "") for name in SECRETS), *map(_password, URLS)]:
        if not _could_be_a_word(secret):
            for form in _forms(secret):
                text = text.replace(form, "*****")
    return text


def _password(name: str) -> str:
    """Of the URL in a variable, as it is meant: `_forms` has it as the URL has it, too."""
    user, _, rest = os.environ.get(name, "").partition("://")[2].rpartition("@")[0].partition(":")
    return urllib.parse.unquote(rest or user)


def _could_be_a_word(secret: str) -> bool:
    return len(secret) < 8 or re.fullmatch(r"[A-Za-z]+|\d+", secret) is not None


def _forms(secret: str) -> list[str]:
    """The secret and how the layers may write it, the longest first."""
    escaped = secret.replace("\\", "\\\\")
    forms = {
        secret,
        escaped.replace("'", "\\'"),
        escaped.replace("'", "''"),
        secret.replace("'", "''"),
        repr(secret)[1:-1],
        json.dumps(secret)[1:-1],
        urllib.parse.quote(secret),
        urllib.parse.quote_plus(secret),
    }
    return sorted(forms, key=len, reverse=True)


def _enumerated(text: str) -> str:
    """dbt's list, an item a line, as `a, b`; other texts as they are."""
    items = re.findall(r"(?m)^\s*- (\S+)\s*$", text)
    return ", ".join(items) if items else text


def _one_line(sentence: str) -> str:
    return " ".join(hide_secrets(sentence).split()) or "Unexpected error without a message."


def _source(prefix: str) -> str:
    return os.environ.get(f"{prefix}PGHOST") or "the host that the named collection names"
