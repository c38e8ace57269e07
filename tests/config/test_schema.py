"""The schema knows every key that the loader takes, with its text and its limits."""

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from nimbus_tui.config import model
from nimbus_tui.config.locations import shipped
from nimbus_tui.config.schema import config_schema, field_docs
from nimbus_tui.risk.limits import RiskLimits
from nimbus_tui.strategies import factory

SAMPLES = sorted(shipped("sample_configs").glob("*.toml"))
SCHEMA = config_schema(factory)

TYPES: dict[str, tuple[type, ...]] = {
    "number": (int, float),
    "integer": (int,),
    "string": (str,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    found = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else {}
    return {**schema, **found}


def objections(value: Any, schema: dict[str, Any], at: str = "") -> list[str]:
    """A validator of the part of JSON Schema that the schema uses."""
    schema = resolved(schema)
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            tries = [objections(value, option, at) for option in schema[choice]]
            return [] if any(not found for found in tries) else [f"{at}: no {choice}"]
    if "const" in schema and value != schema["const"]:
        return [f"{at}: not {schema['const']}"]
    if "enum" in schema:
        return [] if value in schema["enum"] else [f"{at}: not one of {schema['enum']}"]
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    fits = any(isinstance(value, TYPES[kind]) for kind in kinds)
    if not fits or (isinstance(value, bool) and "boolean" not in kinds):
        return [f"{at}: not {kinds}"]
    if isinstance(value, dict):
        return inner_objections(value, schema, at)
    if value in (0, -1) and ("exclusiveMinimum" in schema or value < schema.get("minimum", -2)):
        return [f"{at}: too small"]
    return []


def inner_objections(table: dict[str, Any], schema: dict[str, Any], at: str) -> list[str]:
    found = [f"{at}: lacks {key}" for key in schema.get("required", ()) if key not in table]
    for key, item in table.items():
        inner = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
        found += objections(item, inner, f"{at}.{key}") if inner else [f"{at}.{key}: unknown"]
    return found


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_every_sample_satisfies_the_schema(path: Path) -> None:
    assert objections(tomllib.loads(path.read_text()), SCHEMA) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("levels", "levls"),
        ('strategy = "grid"', 'strategy = "gird"'),
        ('type = "paper"', 'type = "binance"'),
        ("levels = 5", 'levels = "5"'),
        ('initial_inventory = "buy"', 'initial_inventory = "bye"'),
        ("USDC = 5_000", "USDC = -1"),
    ],
)
def test_the_schema_objects_to_what_the_loader_refuses(old: str, new: str) -> None:
    text = (shipped("sample_configs") / "grid-spot.toml").read_text()
    assert old in text
    assert objections(tomllib.loads(text.replace(old, new)), SCHEMA)


def test_every_key_of_every_table_has_its_text() -> None:
    tables = {name: table for name, table in SCHEMA["$defs"].items() if "properties" in table}
    silent = [
        f"{name}.{key}"
        for name, table in tables.items()
        for key, schema in table["properties"].items()
        if not schema.get("description")
    ]
    assert silent == []
    assert {"EngineSection", "PaperSection", "HyperliquidSection", "RiskLimits"} < set(tables)


def test_a_bots_table_holds_the_keys_of_every_bot_and_of_its_strategy() -> None:
    for name in factory.strategy_names():
        own = {field.name for field in msgspec.structs.fields(factory.strategy_class(name).Config)}
        every = set(model.BotSection.__struct_fields__)
        assert set(SCHEMA["$defs"][f"bot-{name}"]["properties"]) == own | every


def test_limits_and_defaults_are_those_of_the_struct() -> None:
    exchange = SCHEMA["$defs"]["PaperSection"]["properties"]
    assert exchange["speed"]["exclusiveMinimum"] == 0
    assert (exchange["slippage_percent"]["default"], exchange["leverage"]["default"]) == (0, 10)
    assert SCHEMA["$defs"]["UiSection"]["properties"]["fps"]["maximum"] == 60


def test_docs_are_read_from_the_class_body_and_from_its_bases() -> None:
    class Base(msgspec.Struct):
        """Text of the class."""

        first: int = 1
        """Text of the first,
        on two lines."""

    class Derived(Base):
        second: int = 2
        third: int = 3
        """Text of the third."""

    assert field_docs(Derived) == {
        "first": "Text of the first,\non two lines.",
        "third": "Text of the third.",
    }


def test_a_struct_without_a_source_has_no_docs() -> None:
    assert field_docs(msgspec.defstruct("Made", [("a", int)])) == {}


def test_the_texts_of_the_risk_keys_can_be_had_for_a_form() -> None:
    assert set(field_docs(RiskLimits)) == set(RiskLimits.__struct_fields__)
