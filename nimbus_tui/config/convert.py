"""TOML tables into Structs: every key that is wrong is told with what it takes, not only the first.

msgspec alone stops at the first mistake, takes text for a Decimal and speaks of types, not keys.
"""

import datetime
import json
import operator
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import msgspec

from nimbus_tui.config.environment import expanded
from nimbus_tui.config.pasted_keys import ADVICE, holds_key
from nimbus_tui.config.positions import Path
from nimbus_tui.config.problems import Findings, did_you_mean, nearest_word
from nimbus_tui.config.toml_slips import number_meant

S = TypeVar("S", bound=msgspec.Struct)

_MOST_DIGITS = 40
_WIDEST_EXPONENT = 30
_MOST_TEXT = 40
_BOUNDS: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "exclusiveMinimum": ("greater than", operator.gt),
    "minimum": ("at least", operator.ge),
    "exclusiveMaximum": ("less than", operator.lt),
    "maximum": ("at most", operator.le),
}
"""JSON Schema's names of a number's limits, in the order of msgspec's gt, ge, lt, le."""
_WORDS = (
    (msgspec.inspect.DecimalType | msgspec.inspect.FloatType, "a number"),
    (msgspec.inspect.IntType, "a whole number"),
    (msgspec.inspect.StrType, "text in quotes"),
    (msgspec.inspect.BoolType, "true or false"),
    (msgspec.inspect.DateTimeType, "a date and time, like 2026-11-22T09:00:00Z"),
    (msgspec.inspect.DictType | msgspec.inspect.StructType, "a table"),
    (msgspec.inspect.CollectionType | msgspec.inspect.TupleType, "a list"),
)


class _Wrong(Exception):
    """The value can't be used; it has been told why."""


class _Told:
    """Stands for a value that can't be used and of which that has been told."""


_TOLD = _Told()


def prepare(value: Any, path: Path, findings: Findings, environment: Mapping[str, str]) -> Any:
    """A parsed document with variables put in and numbers that nobody can reckon with told."""
    match value:
        case dict():
            return {
                key: prepare(item, (*path, key), findings, environment)
                for key, item in value.items()
            }
        case list():
            items = [
                prepare(item, (*path, i), findings, environment) for i, item in enumerate(value)
            ]
            if _TOLD not in items:
                return items
            findings.hush(path)
            return _TOLD
        case str():
            value, problems = expanded(value, environment)
            problem = ADVICE if holds_key(value) else "; ".join(problems)
        case Decimal() | int() if not isinstance(value, bool):
            problem = ADVICE if holds_key(value) else _number_problem(Decimal(value))
        case _:
            problem = ""
    if problem:
        findings.say(path, problem)
    return _TOLD if problem else value


def _number_problem(value: Decimal) -> str:
    if not value.is_finite():
        return f"must be a finite number, not {value}"
    if len(value.as_tuple().digits) > _MOST_DIGITS or abs(value.adjusted()) > _WIDEST_EXPONENT:
        return (
            f"must be a number of at most {_MOST_DIGITS} digits, "
            f"between 1e-{_WIDEST_EXPONENT} and 1e{_WIDEST_EXPONENT}"
        )
    return ""


def read(kind: type[S], table: Any, path: Path, findings: Findings) -> S | None:
    """A table as a Struct; None where a key is missing or wrong that has no default."""
    if not isinstance(table, dict):
        if table is not _TOLD:
            findings.say(path, f"must be a table, not {shown(table)}")
        return None
    fields = msgspec.structs.fields(kind)
    tell_unknown_keys(table, [field.encode_name for field in fields], path, findings)
    good: dict[str, Any] = {}
    complete = True
    for field in fields:
        here = (*path, field.encode_name)
        if field.encode_name in table:
            try:
                good[field.name] = _converted(table[field.encode_name], field.type, here, findings)
            except _Wrong:
                complete = complete and not field.required
        elif field.required:
            findings.say(
                here, f"the key {field.encode_name!r} is missing; it takes {taken(field.type)}"
            )
            complete = False
    return kind(**good) if complete else None


def tell_unknown_keys(
    table: Collection[str], allowed: Collection[str], path: Path, findings: Findings
) -> None:
    """Tell the keys that nobody asks for, with the one that was probably meant."""
    for key in table:
        if key in allowed:
            continue
        findings.say(
            (*path, key),
            f"unknown key {key!r}{did_you_mean(key, allowed) or ';'} allowed: {', '.join(allowed)}",
        )
        meant = nearest_word(key, allowed)
        if meant is not None and meant not in table:
            findings.hush((*path, meant))


def shown(value: Any) -> str:
    """A TOML value as a sentence shows it."""
    match value:
        case bool():
            return str(value).lower()
        case Decimal():
            return format(value, "f")
        case int():
            return str(value)
        case str():
            cut = value if len(value) <= _MOST_TEXT else value[:_MOST_TEXT] + "…"
            return f"the text {json.dumps(cut, ensure_ascii=False)}"
        case dict():
            return "a table"
        case list():
            return "a list"
        case datetime.date() | datetime.time():
            return f"the date or time {value.isoformat()}"
        case _:
            return str(value)


def _converted(value: Any, annotation: Any, path: Path, findings: Findings) -> Any:
    if value is _TOLD:
        raise _Wrong
    bare = _bare(annotation)
    if get_origin(bare) in (Union, UnionType):
        options = [option for option in get_args(bare) if option is not NoneType]
        if len(options) == 1:
            return _converted(value, options[0], path, findings)
    if isinstance(bare, type) and issubclass(bare, msgspec.Struct):
        struct = read(bare, value, path, findings)
        if struct is None:
            raise _Wrong
        return struct
    if _is_table_of_words(bare) and isinstance(value, dict):
        return _converted_items(value, get_args(bare)[1], path, findings)
    problem, converted = _leaf(value, annotation)
    if problem:
        findings.say(path, problem)
        raise _Wrong
    return converted


def _is_table_of_words(bare: Any) -> bool:
    return get_origin(bare) is dict and isinstance(
        msgspec.inspect.type_info(get_args(bare)[0]), msgspec.inspect.StrType
    )


def _converted_items(
    table: dict[str, Any], annotation: Any, path: Path, findings: Findings
) -> dict[str, Any]:
    """The values of a table whose keys are the user's own words."""
    good: dict[str, Any] = {}
    for key, item in table.items():
        try:
            good[key] = _converted(item, annotation, (*path, key), findings)
        except _Wrong:
            continue
    if len(good) < len(table):
        raise _Wrong
    return good


def _leaf(value: Any, annotation: Any) -> tuple[str, Any]:
    """A sentence about what is wrong with a value, else the value as its type."""
    bare = _bare(annotation)
    info = msgspec.inspect.type_info(bare)
    wrong = f"must be {taken(annotation)}, not {shown(value)}"
    is_number = isinstance(info, msgspec.inspect.DecimalType | msgspec.inspect.IntType)
    if isinstance(value, str) and is_number:
        meant = number_meant(value)
        return (f"{wrong}; write {meant}, without quotes and signs" if meant else wrong), None
    if isinstance(info, msgspec.inspect.DateTimeType):
        moment = _moment(value)
        return ("", moment) if moment is not None else (wrong, None)
    try:
        converted = msgspec.convert(value, bare, strict=True)
    except msgspec.ValidationError:
        if isinstance(info, msgspec.inspect.EnumType) and isinstance(value, str):
            wrong += did_you_mean(value, [str(member.value) for member in info.cls])
        return wrong, None
    if problem := _out_of_bounds(converted, annotation):
        return problem, None
    try:
        return "", msgspec.convert(value, annotation, strict=True)
    except msgspec.ValidationError as error:
        return f"{wrong} ({error})", None


def _moment(value: Any) -> datetime.datetime | None:
    """A date and time in TOML's own form or as ISO text; a bare date is its midnight."""
    if isinstance(value, str):
        try:
            return datetime.datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return datetime.datetime.combine(value, datetime.time())
    return value if isinstance(value, datetime.datetime) else None


def _bare(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def bounds(annotation: Any) -> dict[str, Decimal]:
    """The limits of a number, under their JSON Schema names."""
    found: dict[str, Any] = {}
    for meta in get_args(annotation)[1:] if get_origin(annotation) is Annotated else ():
        if isinstance(meta, msgspec.Meta):
            own = zip(_BOUNDS, (meta.gt, meta.ge, meta.lt, meta.le), strict=True)
            found |= {name: bound for name, bound in own if bound is not None}
            found |= {k: v for k, v in (meta.extra_json_schema or {}).items() if k in _BOUNDS}
    return {name: Decimal(str(bound)) for name, bound in found.items()}


def _out_of_bounds(value: Any, annotation: Any) -> str:
    for name, bound in bounds(annotation).items():
        words, holds = _BOUNDS[name]
        if not holds(value, bound):
            return f"must be {words} {bound}, not {shown(value)}"
    return ""


def taken(annotation: Any) -> str:
    """What a key takes, in words."""
    info = msgspec.inspect.type_info(_bare(annotation))
    if isinstance(info, msgspec.inspect.UnionType):
        words = [_words(option) for option in info.types]
        return " or ".join(dict.fromkeys(word for word in words if word))
    return _words(info)


def _words(info: msgspec.inspect.Type) -> str:
    match info:
        case msgspec.inspect.Metadata():
            return _words(info.type)
        case msgspec.inspect.NoneType():
            return ""
        case msgspec.inspect.EnumType():
            return _one_of([member.value for member in info.cls])
        case msgspec.inspect.LiteralType():
            return _one_of(list(info.values))
    return next((words for kinds, words in _WORDS if isinstance(info, kinds)), "another value")


def _one_of(values: list[Any]) -> str:
    choices = [json.dumps(value.value if isinstance(value, Enum) else value) for value in values]
    return choices[0] if len(choices) == 1 else "one of " + ", ".join(choices)
