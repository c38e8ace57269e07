"""The config's Structs as a form: labels, units, defaults, help and limits of every key."""

import re
from collections.abc import Iterator
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec

from nimbus_tui.config.bot_tables import StrategyCatalog
from nimbus_tui.config.convert import bounds, taken
from nimbus_tui.config.exchange_sections import SECTIONS
from nimbus_tui.config.literals import literal
from nimbus_tui.config.model import BotSection, EngineSection, RiskSection, UiSection
from nimbus_tui.config.schema import field_docs
from nimbus_tui.control.config_form import ConfigForm, FieldKind, FormField, FormSection
from nimbus_tui.core.errors import ConfigError

_FIRST = ("strategy", "exchange", "live")
"""The keys that a bot's table begins with; then come its strategy's own."""
_KINDS: tuple[tuple[Any, FieldKind], ...] = (
    (msgspec.inspect.DecimalType | msgspec.inspect.FloatType, FieldKind.NUMBER),
    (msgspec.inspect.IntType, FieldKind.WHOLE),
    (msgspec.inspect.BoolType, FieldKind.SWITCH),
    (msgspec.inspect.EnumType | msgspec.inspect.LiteralType, FieldKind.CHOICE),
    (msgspec.inspect.StrType, FieldKind.TEXT),
    (msgspec.inspect.DateTimeType, FieldKind.MOMENT),
    (
        msgspec.inspect.ListType | msgspec.inspect.VarTupleType | msgspec.inspect.TupleType,
        FieldKind.LIST,
    ),
)
_UNITS = (
    (re.compile(r"\bmilliseconds?\b", re.IGNORECASE), "ms"),
    (re.compile(r"\bseconds?\b", re.IGNORECASE), "s"),
    (re.compile(r"\bpercent\b", re.IGNORECASE), "%"),
    (re.compile(r"\b(a minute|per minute)\b", re.IGNORECASE), "/min"),
    (re.compile(r"\bin quote\b|\bmost quote\b|^quote\b", re.IGNORECASE), "quote"),
    (re.compile(r"\bin base\b", re.IGNORECASE), "base"),
)
"""Which word of a key's help tells its unit, the most telling first."""
_NUMBERS = (FieldKind.NUMBER, FieldKind.WHOLE)


def config_form(strategies: StrategyCatalog) -> ConfigForm:
    """Every table; a strategy that can't be loaded is left out."""
    return ConfigForm(
        engine=_section("engine", EngineSection),
        ui=_section("ui", UiSection),
        risk=_section("risk", RiskSection),
        exchanges={
            name: _section(f"{name} exchange", kind, {"type": (name,)})
            for name, kind in SECTIONS.items()
        },
        bots=dict(_bots(strategies)),
    )


def _bots(strategies: StrategyCatalog) -> Iterator[tuple[str, FormSection]]:
    names = tuple(strategies.strategy_names())
    common = fields_of(BotSection, choices={"strategy": names})
    first = tuple(one for one in common if one.key in _FIRST and len(one.path) == 1)
    risk = tuple(one for one in common if one.path[0] == "risk")
    rest = tuple(one for one in common if one not in (*first, *risk))
    for name in names:
        try:
            own = strategies.strategy_class(name).Config
        except ConfigError:  # a package that can't be used; the factory tells of those
            continue
        fields = (*first, *fields_of(own), *rest, *risk)
        yield name, FormSection(title=f"{name} bot", help=_doc(own), fields=fields)


def _section(
    title: str, kind: type[msgspec.Struct], choices: dict[str, tuple[str, ...]] | None = None
) -> FormSection:
    return FormSection(title=title, help=_doc(kind), fields=fields_of(kind, choices=choices))


def _doc(kind: type) -> str:
    return " ".join((kind.__doc__ or "").split())


def fields_of(
    kind: type[msgspec.Struct],
    above: tuple[str, ...] = (),
    choices: dict[str, tuple[str, ...]] | None = None,
) -> tuple[FormField, ...]:
    """The keys of a table, those of the tables in it behind; `choices` for texts that have some."""
    docs = field_docs(kind)
    flat: list[FormField] = []
    inner: list[FormField] = []
    for field in msgspec.structs.fields(kind):
        path = (*above, field.encode_name)
        bare = _without_none(field.type)
        if isinstance(bare, type) and issubclass(bare, msgspec.Struct):
            inner += fields_of(bare, path)
            continue
        given = (choices or {}).get(field.encode_name, ())
        flat.append(_field(field, path, bare, " ".join(docs.get(field.name, "").split()), given))
    return (*flat, *inner)


def _field(
    field: msgspec.structs.FieldInfo,
    path: tuple[str, ...],
    bare: Any,
    text: str,
    given: tuple[str, ...],
) -> FormField:
    choices = given or _choices(bare)
    kind = FieldKind.CHOICE if choices else _kind(bare)
    return FormField(
        key=field.encode_name,
        path=path,
        label=field.encode_name.replace("_", " "),
        kind=kind,
        takes=taken(field.type),
        unit=_unit(field.encode_name, text) if kind in _NUMBERS else "",
        help=text,
        default=_default(field),
        required=field.required,
        choices=choices,
        limits=_limits(bare),
    )


def _without_none(annotation: Any) -> Any:
    """The type itself where None only says that the key may be left out."""
    if get_origin(annotation) in (Union, UnionType):
        options = [option for option in get_args(annotation) if option is not NoneType]
        if len(options) == 1:
            return options[0]
    return annotation


def _info(bare: Any) -> msgspec.inspect.Type:
    inside = get_args(bare)[0] if get_origin(bare) is Annotated else bare
    return msgspec.inspect.type_info(inside)


def _kind(bare: Any) -> FieldKind:
    info = _info(bare)
    return next((kind for types, kind in _KINDS if isinstance(info, types)), FieldKind.TABLE)


def _choices(bare: Any) -> tuple[str, ...]:
    info = _info(bare)
    if isinstance(info, msgspec.inspect.EnumType):
        return tuple(str(member.value) for member in info.cls)
    return tuple(map(str, info.values)) if isinstance(info, msgspec.inspect.LiteralType) else ()


def _unit(key: str, text: str) -> str:
    named = {"ms": "ms", "percent": "%", "seconds": "s", "quote": "quote", "days": "days"}
    if (last := key.rsplit("_", 1)[-1]) in named:
        return named[last]
    return next((unit for word, unit in _UNITS if word.search(text)), "")


def _default(field: msgspec.structs.FieldInfo) -> str | None:
    value = field.default
    if field.default_factory is not msgspec.NODEFAULT:
        value = field.default_factory()
    if value is None or value is msgspec.NODEFAULT:
        return None
    try:
        return literal(value.value if isinstance(value, Enum) else value)
    except (TypeError, ValueError):  # no value that a file could hold
        return None


_WORDS = {
    "exclusiveMinimum": "greater than",
    "minimum": "at least",
    "exclusiveMaximum": "less than",
    "maximum": "at most",
}


def _limits(bare: Any) -> str:
    return ", ".join(f"{_WORDS[name]} {bound:f}" for name, bound in bounds(bare).items())
