"""What dbt and its libraries work out again for each query, message and context, worked out once: it is the same each time."""

import functools
import os
import pickle
from collections.abc import Iterable
from typing import Any

import jinja2
import networkx
import parsedatetime
import yaml
from clickhouse_connect.driver.client import Client
from dbt.adapters.base import BaseAdapter
from dbt.clients.jinja import MacroGenerator
from dbt.compilation import Linker
from dbt.context.macros import MacroNamespaceBuilder
from dbt.exceptions import PackageNotFoundForMacroError
from dbt.include.global_project import PROJECT_NAME as GLOBAL_PROJECT_NAME
from dbt_common import behavior_flags
from dbt_common.events import base_types, functions, logger

_load = yaml.load
_init_common_settings = Client._init_common_settings
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
    yaml.load = _read_yaml
    Client._init_common_settings = _begin
    functions.env_secrets = _Secrets()
    logger._Logger.write_line = _write_line_if_wanted
    BaseAdapter._get_cache_schemas = _schemas_of_all
    Linker.get_graph_summary = _summary
    Linker.find_cycles = lambda self: None if networkx.is_directed_acyclic_graph(self.graph) else _find_cycles(self)
    MacroNamespaceBuilder.build_namespace = _namespace


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


_yaml: dict[tuple[Any, Any], bytes] = {}
_begun: dict[tuple[Any, ...], Any] = {}


def _read_yaml(text: Any, Loader: Any) -> Any:
    """A command reads the project's and the profile's YAML four times."""
    if not isinstance(text, str):
        return _load(text, Loader)
    if (text, Loader) not in _yaml:
        _yaml[text, Loader] = pickle.dumps(_load(text, Loader))
    return pickle.loads(_yaml[text, Loader])


def _begin(client: Client, source_of_zone: Any) -> None:
    """Each connection of clickhouse-connect asks for the engine's version, zone and all of its settings, for 9 ms."""
    given = {name: value for name, value in (client._initial_settings or {}).items() if name != "session_id"}
    key = (os.environ.get("TZ"), source_of_zone, repr(given))
    if type(client).__name__ != "ChdbClient":
        _init_common_settings(client, source_of_zone)
    elif key in _begun:
        client._apply_init_result(_begun[key])
    else:
        apply = client._apply_init_result
        client._apply_init_result = lambda result: (_begun.setdefault(key, result), apply(result))
        _init_common_settings(client, source_of_zone)


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


class _Macro(MacroGenerator):
    """A macro in the contexts of all nodes: Jinja says in which of them it is called."""

    @jinja2.pass_context
    def __call__(self, context: jinja2.runtime.Context, *arguments: Any, **named: Any) -> Any:
        return MacroGenerator(self.macro, *context.parent[_NODE])(*arguments, **named)


class _Namespace(dict[str, Any]):
    """All macros by name, and those of a package by the package's."""

    def get_from_package(self, package: str | None, name: str) -> Any:
        if package is not None and package not in self:
            raise PackageNotFoundForMacroError(package)
        return (self if package is None else self[package]).get(name)


_NODE = "_node_of_macros"
"""The entry of a context by which a macro knows it: the context itself, the node, and the macros that call each other in it."""

_namespaces: dict[tuple[Any, ...], dict[str, Any]] = {}


def _namespace(builder: MacroNamespaceBuilder, macros: dict[str, dict[str, Any]], context: dict[str, Any]) -> _Namespace:
    """dbt makes hundreds of objects for each node, twice, which collecting garbage takes away again."""
    order = tuple(builder.internal_package_names_order)
    these = tuple(id(macro) for of in macros.values() for macro in of.values())
    key = (these, builder.root_package, builder.search_package, order)
    if key not in _namespaces:
        made = {package: {macro.name: _Macro(macro) for macro in of.values()} for package, of in macros.items()}
        own = {package: of for package, of in made.items() if package not in order}
        internal = {name: macro for package in reversed(order) for name, macro in made.get(package, {}).items()}
        first = [own.get(builder.search_package, {}), own.get(builder.root_package, {}), own, {GLOBAL_PROJECT_NAME: internal}]
        _namespaces[key] = {name: macro for found in reversed([*first, internal]) for name, macro in found.items()}
    return _Namespace(_namespaces[key] | {_NODE: (context, builder.node, builder.thread_ctx)})


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
