"""Values to text: plain digits, whatever the Decimal was computed from."""

import re
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.core.account import Balance
from nimbus_tui.core.codec import plain, to_json, to_plain
from nimbus_tui.core.ids import Asset
from nimbus_tui.core.order import Side
from nimbus_tui.core.risk import RiskStep

PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?")
numbers = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False),
    st.builds(Decimal.scaleb, st.integers(-(10**12), 10**12).map(Decimal), st.integers(-40, 40)),
)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("1E-8", "0.00000001"),
        ("-1E-8", "-0.00000001"),
        ("1E+3", "1000"),
        ("0E+3", "0"),
        ("0E-3", "0.000"),
        ("2412.00", "2412.00"),
        ("1.5E+1", "15"),
        ("0", "0"),
    ],
)
def test_plain_by_hand(number: str, expected: str) -> None:
    assert expected == plain(Decimal(number))


@given(numbers)
def test_plain_is_digits_only_and_the_same_number(number: Decimal) -> None:
    assert PLAIN.fullmatch(plain(number))
    assert number == Decimal(plain(number))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("1E-8"), "0.00000001"),
        ([Decimal("1E-8"), 1, None, True, "1E-8"], ["0.00000001", 1, None, True, "1E-8"]),
        ((Decimal("1E+1"),), ["10"]),
        (frozenset({Decimal("1E-8")}), ["0.00000001"]),
        ({"a": {"b": (Decimal("1E-8"),)}}, {"a": {"b": ["0.00000001"]}}),
        ({Decimal("1E-8"): Decimal("1E-9")}, {"0.00000001": "0.000000001"}),
        ({3: Side.BUY}, {"3": "buy"}),
        (Side.SELL, "sell"),
        (RiskStep.PAUSE, 3),
        (
            Balance(asset=Asset("ETH"), total=Decimal("1E-8")),
            {"asset": "ETH", "total": "0.00000001", "locked": "0"},
        ),
    ],
)
def test_values_become_plain_builtins(value: Any, expected: Any) -> None:
    assert expected == to_plain(value)


def test_what_has_no_text_is_an_error_and_not_its_repr() -> None:
    with pytest.raises(TypeError):
        to_plain({"thing": object()})


values = st.recursive(
    numbers | st.text() | st.none() | st.booleans(),
    lambda inner: st.lists(inner) | st.dictionaries(numbers | st.text(), inner),
    max_leaves=12,
)


@given(values)
def test_json_is_the_plain_value_as_one_document(value: Any) -> None:
    assert to_plain(value) == msgspec.json.decode(to_json(value))


@given(numbers, numbers)
def test_no_number_in_json_has_an_exponent(total: Decimal, locked: Decimal) -> None:
    balance = Balance(asset=Asset("USDC"), total=total, locked=locked)
    raw = to_json({"balances": (balance,)})
    found = msgspec.json.decode(raw)["balances"][0]
    assert PLAIN.fullmatch(found["total"])
    assert PLAIN.fullmatch(found["locked"])
    assert balance == msgspec.convert(found, Balance)
