"""A grid whose spacing doesn't pay its fees is told so, with the numbers."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nimbus_tui.core.order import Side
from nimbus_tui.strategies.grid import GridStrategy
from nimbus_tui.strategies.grid_fees import fee_problems, percent_text, trip_fees
from nimbus_tui.strategies.grid_levels import GridConfig, GridMode, centred, level_price
from tests.simulation.worlds import instrument

D = Decimal
PERP = "ETH/USDC:USDC"


def grid(**changes: object) -> GridConfig:
    chosen = {"symbol": PERP, "levels": 3, "spacing": D("0.5"), "quote_size": D(100)} | changes
    return GridConfig(**chosen)  # type: ignore[arg-type]


def ranged(lower: str, upper: str, levels: int) -> GridConfig:
    return grid(spacing=None, lower=D(lower), upper=D(upper), levels=levels)


def fees(rate: str, **changes: object) -> object:
    return instrument(PERP, maker_fee=D(rate), **changes)


@pytest.mark.parametrize(
    ("config", "traded", "is_refused"),
    [
        (grid(), fees("0.0002"), False),
        (grid(spacing=D("0.05")), fees("0.0002"), False),
        (grid(spacing=D("0.0401")), fees("0.0002"), False),
        (grid(spacing=D("0.04")), fees("0.0002"), True),
        (grid(spacing=D("0.03")), fees("0.0002"), True),
        (grid(spacing=D("0.03")), fees("0"), False),
        (grid(spacing=D("0.000001")), fees("-0.0001"), False),
        (grid(spacing=D("0.04001"), mode=GridMode.GEOMETRIC), fees("0.0002"), False),
        (grid(spacing=D("0.04"), mode=GridMode.GEOMETRIC), fees("0.0002"), True),
        (grid(spacing=D("0.0402"), levels=10), fees("0.0002"), False),
        (grid(spacing=D("0.0402"), levels=100), fees("0.0002"), True),
        (grid(spacing=D("0.0402"), levels=100, mode=GridMode.GEOMETRIC), fees("0.0002"), False),
        (ranged("2300", "2500", 11), fees("0.0002"), False),
        (ranged("2300", "2310", 11), fees("0.0002"), False),
        (ranged("2300", "2309", 11), fees("0.0002"), True),
    ],
)
def test_a_grid_is_refused_where_a_trip_between_two_levels_loses(
    config: GridConfig, traded: object, is_refused: bool
) -> None:
    assert bool(fee_problems(config, traded)) is is_refused  # type: ignore[arg-type]


def test_the_refusal_names_spacing_fees_loss_and_remedy() -> None:
    problems = GridStrategy.validate(grid(spacing=D("0.03")), {PERP: fees("0.0002")})
    assert [(problem.key, problem.message) for problem in problems] == [
        (
            "spacing",
            "0.03 % does not pay the fees of a round trip, 0.0400 % (maker 0.02 % on each side): "
            "each would lose 0.0100 %, 0.0100 USDC at 100 USDC; take more than 0.0401 %",
        )
    ]


def test_a_range_is_told_at_its_levels_with_the_worst_two_prices() -> None:
    (problem,) = GridStrategy.validate(ranged("2300", "2309", 11), {PERP: fees("0.0002")})
    assert problem.key == "levels"
    assert "11 prices are 0.0390 % apart between 2308.10 and 2309.00" in problem.message
    assert "each would lose 0.00101 %; take fewer levels or a wider range" in problem.message


def test_where_only_the_outer_levels_lose_they_are_named() -> None:
    (problem,) = fee_problems(grid(spacing=D("0.0402"), levels=100), fees("0.0002"))
    assert "between levels +99 and +100" in problem.message


def test_where_no_spacing_would_do_the_mode_would() -> None:
    (problem,) = fee_problems(grid(spacing=D("0.4"), levels=200), fees("0.01"))
    assert 'take fewer levels, or mode = "geometric"' in problem.message


def test_a_fee_in_the_coin_leaves_less_to_sell() -> None:
    spot = instrument("ETH/USDC", maker_fee=D("0.01"))
    in_coin = instrument("ETH/USDC", maker_fee=D("0.01"), buy_fee_in_base=True)
    assert trip_fees(spot, D("0.01")).profit(D(100), D(110)) == D("7.9")
    assert trip_fees(in_coin, D("0.01")).profit(D(100), D(110)) == D("7.811")
    just_enough = grid(symbol="ETH/USDC", spacing=D("2.0203"), levels=1)
    assert fee_problems(just_enough, spot) == []
    (problem,) = fee_problems(just_enough, in_coin)
    assert "maker 1 % on each side, the buy's in ETH" in problem.message


@pytest.mark.parametrize("broken", [{"spacing": D(0)}, {"levels": 0}, {"spacing": None}])
def test_a_grid_without_a_shape_is_not_judged_twice(broken: dict[str, object]) -> None:
    assert fee_problems(grid(**broken), fees("0.0002")) == []
    keys = [problem.key for problem in GridStrategy.validate(grid(**broken), {PERP: fees("0.01")})]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("share", "text"), [("0.0002", "0.02"), ("0", "0"), ("0.1", "10"), ("-0.0001", "-0.01")]
)
def test_a_share_is_shown_in_percent(share: str, text: str) -> None:
    assert percent_text(D(share)) == text


RATES = st.decimals(D(0), D("0.01"), places=5)


@given(
    spacing=st.decimals(D("0.001"), D(3), places=3),
    rate=RATES,
    levels=st.integers(1, 30),
    mode=st.sampled_from(GridMode),
    base=st.decimals(D("0.5"), D(100_000), places=2),
    in_coin=st.booleans(),
)
def test_a_grid_that_is_not_refused_earns_on_every_trip_at_every_price(
    spacing: Decimal, rate: Decimal, levels: int, mode: GridMode, base: Decimal, in_coin: bool
) -> None:
    traded = instrument("ETH/USDC", maker_fee=rate, buy_fee_in_base=in_coin)
    config = grid(symbol="ETH/USDC", spacing=spacing, levels=levels, mode=mode)
    assume(mode is GridMode.GEOMETRIC or spacing * levels < 100)
    assume(not fee_problems(config, traded))
    placed = centred(config, base)
    for below in range(-levels, levels):
        bought_at = level_price(config, placed, below, Side.BUY, traded)
        sold_at = level_price(config, placed, below + 1, Side.SELL, traded)
        assert trip_fees(traded, rate).profit(bought_at, sold_at) > 0


@given(
    spacing=st.decimals(D("0.001"), D(3), places=3),
    rate=RATES,
    levels=st.integers(1, 30),
    mode=st.sampled_from(GridMode),
)
def test_what_the_refusal_advises_is_not_refused(
    spacing: Decimal, rate: Decimal, levels: int, mode: GridMode
) -> None:
    traded = instrument(PERP, maker_fee=rate)
    config = grid(spacing=spacing, levels=levels, mode=mode)
    found = fee_problems(config, traded)
    assume(found and "take more than" in found[0].message)
    least = D(found[0].message.rsplit("take more than ", 1)[1].removesuffix(" %"))
    advised = grid(spacing=least + D("0.0001"), levels=levels, mode=mode)
    assert fee_problems(advised, traded) == []
