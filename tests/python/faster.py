"""What dbt and its libraries work out again for each query, message and context, worked out once: it is the same each time."""

import functools
import os
from collections.abc import Iterable
from typing import Any

import networkx
import parsedatetime
from dbt.adapters.base import BaseAdapter
from dbt.clients.jinja import MacroGenerator
from dbt.compilation import Linker
from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
from dbt_common import behavior_flags
from dbt_common.events import base_types, functions, logger

_env_secrets = functions.env_secrets
_parsed = base_types.ParseDict
_write_line = logger._Logger.write_line
_find_cycles = Linker.find_cycles
_schemas = BaseAdapter._get_cache_schemas


def make_faster() -> None:
    """For this process and those that it forks. No value and no message differs by it, but for the source of a behaviour flag."""
    parsedatetime.Constants = functools.cache(parsedatetime.Constants)  # three for each result of a query
    behavior_flags.BehaviorFlagRendered._default_source = staticmethod(lambda: "dbt.adapters.base.impl")  # read from the stack
    base_types.ParseDict = _message
    functions.env_secrets = _Secrets()
    logger._Logger.write_line = _write_line_if_wanted
    BaseAdapter._get_cache_schemas = _schemas_of_all
    Linker.get_graph_summary = _summary
    Linker.find_cycles = lambda self: None if networkx.is_directed_acyclic_graph(self.graph) else _find_cycles(self)
    MacroNamespaceBuilder.add_macros = _add_macros
    MacroNamespace.__iter__ = lambda self: iter(_flat(self))
    MacroNamespace.__getitem__ = lambda self, name: _flat(self)[name]


def _message(values: dict[str, Any], empty: Any) -> Any:
    """As ParseDict makes it: at once where the values have the fields' types, which takes a tenth of the time."""
    try:
        if "info" not in values:
            return type(empty)(**values)
        made = type(empty)(info={name: value for name, value in values["info"].items() if name != "ts"})
        made.info.ts.FromJsonString(values["info"]["ts"])
        return made
    except (TypeError, ValueError, AttributeError, KeyError):
        return _parsed(values, empty)


class _Secrets:
    """The secrets in the environment, which dbt looks for in each line that it logs."""

    _seen: tuple[dict[bytes, bytes], list[str]] = ({}, [])

    def __call__(self) -> list[str]:
        environment = os.environ._data
        if self._seen[0] != environment:
            self._seen = (dict(environment), _env_secrets())
        return self._seen[1]


def _write_line_if_wanted(to: logger._Logger, message: Any) -> None:
    """dbt makes the line, then its logger drops what is below its level."""
    level = "error" if logger._is_print_event(message) else message.info.level
    if to._python_logger is None or to._python_logger.isEnabledFor(logger._log_level_map[level]):
        _write_line(to, message)


def _add_macros(builder: MacroNamespaceBuilder, macros: Iterable[Any], context: dict[str, Any]) -> None:
    """Hundreds for each node: without the initializers of three classes, and without asking again whether two have one name."""
    own = {builder.root_package: builder.globals, builder.search_package: builder.locals}  # the node's, where it is the root's
    for macro in macros:
        made = MacroGenerator.__new__(MacroGenerator)
        made.__dict__ |= {"context": context, "macro": macro, "node": builder.node, "stack": builder.thread_ctx}
        if macro.package_name in builder.internal_package_names:
            builder.internal_packages.setdefault(macro.package_name, {})[macro.name] = made
        else:
            builder.packages.setdefault(macro.package_name, {})[macro.name] = made
            if macro.package_name in own:
                own[macro.package_name][macro.name] = made


def _flat(namespace: MacroNamespace) -> dict[str, Any]:
    """All macros of a namespace by name; it does not change once it is made."""
    if "flat" not in namespace.__dict__:
        flat: dict[str, Any] = {}
        for macros in reversed([*namespace._search_order()]):
            flat.update(macros)
        namespace.flat = flat
    return namespace.flat


def _schemas_of_all(adapter: BaseAdapter, nodes: Iterable[Any]) -> set[Any]:
    """The schemas of all nodes, from one node of each kind: dbt makes two relations for each of hundreds."""
    kinds = {}
    for node in nodes:
        place = node.resource_type, node.database, node.schema, getattr(node, "source_name", "")
        kinds.setdefault((*place, str(node.quoting_dict), node.config.get("disable_on_cluster")), node)
    return _schemas(adapter, kinds.values())


def _summary(linker: Linker, manifest: Any) -> dict[int, dict[str, Any]]:
    """What dbt writes into target/graph_summary.json, without making a dictionary of each node for its type."""
    numbers = {name: number for number, name in enumerate(linker.graph)}
    nodes: dict[int, dict[str, Any]] = {}
    for name, number in numbers.items():
        nodes[number] = {"name": name, "type": str(manifest.expect(name).resource_type)}
        if following := [numbers[other] for other in linker.graph.successors(name)]:
            nodes[number]["succ"] = following
    return nodes
