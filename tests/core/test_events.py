"""The event vocabulary: fixed names, and nothing lost on the way through JSON."""

import types
import typing
from decimal import Decimal
from enum import Enum
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.core import events
from nimbus_tui.core.codec import to_json
from nimbus_tui.core.events import AnyEvent, Event, event_type

NAMES = {
    # market and account
    "priceUpdate": events.PriceUpdate,
    "orderPlaced": events.OrderPlaced,
    "orderFilled": events.OrderFilled,
    "orderCancelled": events.OrderCancelled,
    "orderRejected": events.OrderRejected,
    "positionUpdate": events.PositionUpdate,
    "balanceUpdate": events.BalanceUpdate,
    # strategy
    "gridRebalanced": events.GridRebalanced,
    "dcaOrderExecuted": events.DcaOrderExecuted,
    "portfolioRebalanced": events.PortfolioRebalanced,
    "martingaleTriggered": events.MartingaleTriggered,
    # risk
    "stopLossTriggered": events.StopLossTriggered,
    "takeProfitTriggered": events.TakeProfitTriggered,
    "positionLimitWarning": events.PositionLimitWarning,
    "circuitBreakerActivated": events.CircuitBreakerActivated,
    "riskEscalated": events.RiskEscalated,
    "riskCleared": events.RiskCleared,
    # system
    "connected": events.Connected,
    "disconnected": events.Disconnected,
    "initialized": events.Initialized,
    "started": events.Started,
    "paused": events.Paused,
    "resumed": events.Resumed,
    "stopped": events.Stopped,
    "configChanged": events.ConfigChanged,
    "error": events.Error,
    "warning": events.Warning,
    "info": events.Info,
}

SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=20),
    int: st.integers(-(2**63), 2**63 - 1),
    bool: st.booleans(),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    type(None): st.none(),
}


def values_of(annotation: Any) -> st.SearchStrategy[Any]:
    """Any value that a field annotated so may hold."""
    if annotation in SIMPLE:
        return SIMPLE[annotation]
    if isinstance(annotation, typing.NewType):
        return values_of(annotation.__supertype__)
    arguments = typing.get_args(annotation)
    match typing.get_origin(annotation):
        case types.UnionType | typing.Union:
            return st.one_of([values_of(argument) for argument in arguments])
        case kind if kind is dict:
            return st.dictionaries(*(values_of(argument) for argument in arguments), max_size=3)
        case kind if kind is tuple:
            return st.lists(values_of(arguments[0]), max_size=3).map(tuple)
    if issubclass(annotation, Enum):
        return st.sampled_from(list(annotation))
    fields = msgspec.structs.fields(annotation)
    return st.builds(annotation, **{field.name: values_of(field.type) for field in fields})


any_event = st.sampled_from(list(NAMES.values())).flatmap(values_of)


def test_the_vocabulary_holds_the_fixed_names_and_no_other() -> None:
    assert set(NAMES.values()) == set(typing.get_args(AnyEvent))
    assert set(NAMES.values()) == set(Event.__subclasses__())


@pytest.mark.parametrize(("name", "kind"), NAMES.items())
@given(data=st.data())
def test_every_event_survives_json_under_its_fixed_name(
    name: str, kind: type[Event], data: st.DataObject
) -> None:
    event = data.draw(values_of(kind))
    raw = msgspec.json.encode(event)
    assert name == event_type(event) == msgspec.json.decode(raw)["type"]
    decoded = msgspec.json.decode(raw, type=AnyEvent)
    assert event == decoded
    assert kind is type(decoded)
    # Equal Decimals may differ in trailing zeros; the text must not.
    assert raw == msgspec.json.encode(decoded)


@given(any_event)
def test_every_event_survives_its_plain_json_too(event: Event) -> None:
    assert event == msgspec.json.decode(to_json(event), type=AnyEvent)


@pytest.mark.parametrize("kind", NAMES.values())
def test_every_event_carries_seq_ts_and_bot_and_all_in_json(kind: type[Event]) -> None:
    fields = {field.name: field.default for field in msgspec.structs.fields(kind)}
    assert (fields["seq"], fields["ts"], fields["bot_id"]) == (0, 0, None)
    assert kind.__struct_config__.frozen
    # A default is written out as well, so that a reader in another language sees every field.
    assert not kind.__struct_config__.omit_defaults


@pytest.mark.parametrize("raw", [b'{"type":"orderFiled"}', b'{"message":"x"}', b"{}"])
def test_a_name_outside_the_vocabulary_is_not_decoded(raw: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(raw, type=AnyEvent)
