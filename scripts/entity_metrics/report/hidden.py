"""What a report must not show: passwords in vars, URLs and messages."""

import json
import re
from typing import Any

from entity_metrics.explain import hide_secrets

HIDDEN = "*****"

_NAME = r"\w*(?:passw(?:or)?d|secret|token|credential|api_?key|private_?key)\w*"
_URL = re.compile(r"([A-Za-z][\w+.\-]*://)\S*@")
_GIVEN = re.compile(rf"(?i)({_NAME}[\"']?\s*(?:=\s*|:\s*(?=[\"'])))('[^']*'|\"[^\"]*\"|[^\s,;)]+)|(identified by )('[^']*')")


def hide(value: Any) -> Any:
    """The value without secrets, whatever it is made of.

    Hidden are what is under a name of one, users and passwords of URLs, `password=...`, and the passwords in the environment.
    Text that is a JSON object stays one.
    """
    if isinstance(value, dict):
        return {name: HIDDEN if _is_secret(name, given) else hide(given) for name, given in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(hide(item) for item in value)
    if not isinstance(value, str):
        return value
    if value.startswith("{"):
        try:
            return json.dumps(hide(json.loads(value)))
        except ValueError:
            pass  # a text like any other
    return hide_secrets(_GIVEN.sub(rf"\1\3{HIDDEN}", _URL.sub(rf"\1{HIDDEN}@", value)))


def _is_secret(name: Any, given: Any) -> bool:
    return bool(given) and re.fullmatch(f"(?i){_NAME}", str(name)) is not None
