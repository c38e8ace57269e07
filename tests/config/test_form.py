"""Every key that a config can have is in the form, with what it means, takes and defaults to."""

from decimal import Decimal

import msgspec
import pytest

from nimbus_tui.config.exchange_sections import SECTIONS
from nimbus_tui.config.form import config_form
from nimbus_tui.config.model import BotSection, EngineSection
from nimbus_tui.control.config_form import FieldKind, FormField, FormSection
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.strategies import factory
from nimbus_tui.strategies.factory import strategy_class, strategy_names

FORM = config_form(factory)
SECTIONS_OF_FORM = [FORM.engine, FORM.ui, FORM.risk, *FORM.exchanges.values(), *FORM.bots.values()]


def field(section: FormSection, *path: str) -> FormField:
    return next(one for one in section.fields if one.path == path)


@pytest.mark.parametrize("section", SECTIONS_OF_FORM, ids=lambda section: section.title)
def test_every_key_is_there_once_with_its_help(section: FormSection) -> None:
    paths = [one.path for one in section.fields]
    assert len(set(paths)) == len(paths)
    assert [one.path for one in section.fields if not one.help] == []
    assert section.help


@pytest.mark.parametrize("name", strategy_names())
def test_a_bot_has_the_keys_of_every_bot_and_of_its_strategy(name: str) -> None:
    keys = {one.path[0] for one in FORM.bots[name].fields}
    own = strategy_class(name).Config.__struct_encode_fields__
    assert keys == {*BotSection.__struct_encode_fields__, *own}
    order = [one.path[0] for one in FORM.bots[name].fields]
    assert order[:3] == ["strategy", "exchange", "live"]
    assert order[3] == own[0]
    assert order[-1] == "risk"


def test_every_type_of_exchange_has_its_table() -> None:
    assert set(FORM.exchanges) == set(SECTIONS)
    assert field(FORM.exchanges["paper"], "type").choices == ("paper",)


@pytest.mark.parametrize(
    ("section", "path", "kind", "unit", "default", "limits"),
    [
        (FORM.bots["grid"], ("spacing",), FieldKind.NUMBER, "%", None, ""),
        (FORM.bots["grid"], ("quote_size",), FieldKind.NUMBER, "quote", None, ""),
        (FORM.bots["grid"], ("post_only",), FieldKind.SWITCH, "", "true", ""),
        (FORM.bots["grid"], ("side",), FieldKind.CHOICE, "", '"neutral"', ""),
        (FORM.bots["dca"], ("start_at",), FieldKind.MOMENT, "", None, ""),
        (FORM.bots["portfolio"], ("targets",), FieldKind.TABLE, "", None, ""),
        (FORM.bots["dca"], ("risk", "drawdown"), FieldKind.NUMBER, "%", None,
         "greater than 0, at most 100"),
        (FORM.bots["dca"], ("dip_scale",), FieldKind.LIST, "", "[]", ""),
        (FORM.engine, ("shutdown_timeout",), FieldKind.NUMBER, "s", "10", "greater than 0"),
        (FORM.exchanges["paper"], ("latency_ms",), FieldKind.WHOLE, "ms", "0",
         "at least 0, at most 600000"),
        (FORM.exchanges["paper"], ("balances",), FieldKind.TABLE, "", "{}", ""),
    ],
)  # fmt: skip
def test_a_key_says_how_it_is_entered(
    section: FormSection,
    path: tuple[str, ...],
    kind: FieldKind,
    unit: str,
    default: str | None,
    limits: str,
) -> None:
    one = field(section, *path)
    assert (one.kind, one.unit, one.default, one.limits) == (kind, unit, default, limits)


def test_what_must_be_given_says_so() -> None:
    required = [one.key for one in FORM.bots["grid"].fields if one.required]
    assert required == ["strategy", "exchange", "symbol", "levels"]
    assert field(FORM.bots["grid"], "mode").takes == 'one of "arithmetic", "geometric"'


def test_a_default_is_the_one_of_the_struct() -> None:
    for one in msgspec.structs.fields(EngineSection):
        if isinstance(one.default, Decimal | int):
            assert Decimal(field(FORM.engine, one.name).default or "-1") == one.default


def test_a_strategy_that_can_not_be_loaded_is_left_out() -> None:
    class Broken:
        @staticmethod
        def strategy_names() -> list[str]:
            return ["broken", "grid"]

        @staticmethod
        def strategy_class(name: str) -> type:
            if name == "broken":
                raise ConfigError("its package is broken")
            return strategy_class(name)

    assert list(config_form(Broken).bots) == ["grid"]
