"""The config file as JSON Schema, for editors; texts come from the attribute docstrings."""

import ast
import inspect
import textwrap
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from types import NoneType
from typing import Any

import msgspec

from nimbus_tui.config.bot_tables import StrategyCatalog
from nimbus_tui.config.exchange_sections import SECTIONS, PaperSection
from nimbus_tui.config.model import BotSection, EngineSection, RiskSection, UiSection
from nimbus_tui.core.errors import ConfigError

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REF = "#/$defs/{name}"

Schema = dict[str, Any]


@lru_cache(maxsize=256)
def field_docs(kind: type) -> dict[str, str]:
    """The attribute docstring of each field of a Struct, those of its bases too."""
    docs: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if base is not msgspec.Struct and issubclass(base, msgspec.Struct):
            docs |= _own_docs(base)
    return docs


def _own_docs(kind: type) -> dict[str, str]:
    try:
        source = inspect.getsource(kind)
    except (OSError, TypeError):  # made at run time, or shipped without its source
        return {}
    tree = ast.parse(textwrap.dedent(source)).body[0]
    body = tree.body if isinstance(tree, ast.ClassDef) else []
    docs = {}
    for field, text in pairwise(body):
        match field, text:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(doc))),
            ):
                docs[name] = inspect.cleandoc(doc)
    return docs


def config_schema(strategies: StrategyCatalog) -> Schema:
    """The whole file; an exchange's keys depend on its `type`, a bot's on its `strategy`."""
    kinds: list[type] = [EngineSection, UiSection, RiskSection, BotSection, *SECTIONS.values()]
    definitions = _definitions(kinds)
    general = definitions.pop(BotSection.__name__)
    _widen(definitions[PaperSection.__name__]["properties"])
    for name, section in SECTIONS.items():
        definitions[section.__name__]["properties"]["type"]["const"] = name
    bots = {}
    for name in strategies.strategy_names():
        try:
            config = strategies.strategy_class(name).Config
        except ConfigError:  # a package that can't be used; the factory tells of those
            continue
        own, inner = _strategy_definitions(name, config, definitions)
        bots[f"bot-{name}"] = _bot(name, own, general)
        definitions |= inner
    return {
        "$schema": DIALECT,
        "title": "nimbus-tui config",
        "type": "object",
        "properties": {
            "engine": _reference(EngineSection),
            "ui": _reference(UiSection),
            "risk": _reference(RiskSection),
            "exchanges": _named(
                {"oneOf": [_reference(section) for section in SECTIONS.values()]},
                "Venues by name.",
            ),
            "bots": _named({"oneOf": [_to(name) for name in bots]}, "Bots by name."),
        },
        "required": ["exchanges", "bots"],
        "additionalProperties": False,
        "$defs": definitions | bots,
    }


def _strategy_definitions(
    name: str, config: type, taken: dict[str, Schema]
) -> tuple[Schema, dict[str, Schema]]:
    """A strategy's table and the types in it, which may be called like another strategy's."""
    inner = _definitions([config])
    own = inner.pop(config.__name__)
    if all(taken.get(kind, schema) == schema for kind, schema in inner.items()):
        return own, inner
    inner = _definitions([config], f"{name}.")
    return inner.pop(f"{name}.{config.__name__}"), inner


def _widen(exchange: Schema) -> None:
    """What the loader knows of a paper exchange's keys beyond their types."""
    table = exchange.pop("files")
    bare = {"type": ["string", "array"], "items": {"type": "string"}}
    exchange["files"] = {"description": table.pop("description"), "anyOf": [table, bare]}


def _bot(name: str, own: Schema, general: Schema) -> Schema:
    """A bot's table: the keys that every bot has, and those of its strategy, side by side."""
    properties = general["properties"] | own["properties"]
    properties["strategy"] = general["properties"]["strategy"] | {"const": name}
    return {
        "title": f"{name} bot",
        "description": own.get("description", ""),
        "type": "object",
        "properties": properties,
        "required": [*general["required"], *own["required"]],
        "additionalProperties": False,
    }


def _definitions(kinds: list[type], prefix: str = "") -> dict[str, Schema]:
    """The schemas of some Structs and of all that they hold, by name, with their texts."""
    template = _REF.format(name=f"{prefix}{{name}}")
    _, found = msgspec.json.schema_components(kinds, ref_template=template)
    structs = {f"{prefix}{kind.__name__}": kind for kind in _reached(kinds)}
    definitions = {f"{prefix}{name}": _as_in_toml(schema) for name, schema in found.items()}
    for name, kind in structs.items():
        for key, text in field_docs(kind).items():
            if key in definitions.get(name, {}).get("properties", {}):
                definitions[name]["properties"][key]["description"] = text
    return definitions


def _reached(kinds: list[type]) -> list[type]:
    """The Structs themselves and those inside them."""
    found: list[type] = []

    def visit(info: msgspec.inspect.Type) -> None:
        match info:
            case msgspec.inspect.StructType(cls=kind, fields=fields) if kind not in found:
                found.append(kind)
                for field in fields:
                    visit(field.type)
            case msgspec.inspect.Metadata(type=inner):
                visit(inner)
            case msgspec.inspect.UnionType(types=types):
                for inner in types:
                    visit(inner)
            case msgspec.inspect.DictType(value_type=inner):
                visit(inner)
            case msgspec.inspect.CollectionType(item_type=inner):
                visit(inner)

    for kind in kinds:
        visit(msgspec.inspect.type_info(kind))
    return found


def _as_in_toml(value: Any) -> Any:
    """JSON's words for what TOML has: a Decimal is a number there, and there is no null."""
    if isinstance(value, list):
        return [_as_in_toml(item) for item in value]
    if not isinstance(value, dict):
        return value
    converted = {key: _as_in_toml(item) for key, item in value.items()}
    if converted.get("format") == "decimal":
        del converted["format"]
        converted["type"] = "number"
    if isinstance(converted.get("default", {}), dict | NoneType):
        converted.pop("default", None)
    options = [option for option in converted.get("anyOf", []) if option != {"type": "null"}]
    if len(options) == 1:
        del converted["anyOf"]
        converted |= options[0]
    elif options:
        converted["anyOf"] = options
    if converted.get("type") == "number" and "default" in converted:
        converted["default"] = _number(Decimal(converted["default"]))
    return converted


def _number(value: Decimal) -> int | float:
    return int(value) if value == int(value) else float(value)


def _reference(kind: type) -> Schema:
    return _to(kind.__name__)


def _to(name: str) -> Schema:
    return {"$ref": _REF.format(name=name)}


def _named(schema: Schema, text: str) -> Schema:
    """A table of tables whose names are the user's own."""
    return {
        "description": text,
        "type": "object",
        "minProperties": 1,
        "additionalProperties": schema,
    }
