"""The project's macros without a project: rendered as dbt renders them, in a context that a test gives."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dbt_common.clients.jinja import CallableMacroGenerator, extract_toplevel_blocks
from dbt_common.exceptions.macros import MacroReturn

from entity_metrics import PROJECT


@dataclass
class _Macro:
    name: str
    macro_sql: str


class Quotes:
    """The part of dbt's adapter that macros which only make SQL ask for."""

    def quote(self, name: str) -> str:
        return f"`{name}`"


def _return(value: Any) -> None:
    raise MacroReturn(value)


def load(*files: str, **context: Any) -> dict[str, Callable[..., Any]]:
    """The macros of these files under macros/ by their names. context: what else they may use."""
    names: dict[str, Any] = {"return": _return, "adapter": Quotes(), "execute": True} | context
    for file in files:
        text = (PROJECT / "macros" / file).read_text()
        for block in extract_toplevel_blocks(text, allowed_blocks={"macro", "materialization"}, collect_raw_data=False):
            if block.block_type_name == "macro":
                names[block.block_name] = CallableMacroGenerator(_Macro(block.block_name, block.full_block), names)
    return names
