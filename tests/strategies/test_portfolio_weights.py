"""A portfolio's parameters, its weights, and the prices between which nothing can happen."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.strategies.portfolio_weights import (
    Holdings,
    PortfolioConfig,
    ThresholdMode,
    Trigger,
    is_beyond,
    least_value,
    off_target,
    problems,
    quiet_bands,
    weights,
)
from tests.simulation.portfolio_world import TARGETS, config, spots

THOUSAND = Decimal(1000)


def held(cash: str = "0", **values: str) -> Holdings:
    """Coins at a price of 1, so that quantities are values."""
    return Holdings(
        quote="USDC",
        cash=Decimal(cash),
        quantities={coin: Decimal(value) for coin, value in values.items()},
        prices=dict.fromkeys(values, Decimal(1)),
    )


EXAMPLE = held(BTC="4500", ETH="2800", SOL="1800", MATIC="900")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"targets": {"BTC": Decimal(60), "ETH": Decimal(35)}}, "targets: they must add up to 100 "
         "percent, but add up to 95: 5 missing"),
        ({"targets": {"BTC": Decimal("60.5"), "ETH": Decimal(40)}}, "targets: they must add up to "
         "100 percent, but add up to 100.5: 0.5 too much"),
        ({"targets": {"BTC": Decimal(100), "ETH": Decimal(0)}}, "targets: ETH must be greater than "
         "0, not 0; or left out"),
        ({"targets": {"USDC": Decimal(100)}}, "targets: name at least one asset besides USDC with "
         "its percent"),
        ({"targets": {}}, "targets: name at least one asset besides USDC with its percent"),
        ({"quote": "usdc"}, "quote: 'usdc' is no asset; write capitals, like USDC"),
        ({"threshold": Decimal(0)}, "threshold: must be above 0 and below 100, not 0"),
        ({"max_slippage": Decimal(-1)}, "max_slippage: must be above 0 and below 100, not -1"),
        ({"tolerance": Decimal(100)}, "tolerance: must be above 0 and below 100, not 100"),
        ({"min_trade": Decimal(-1)}, "min_trade: must be at least 0, not -1"),
        ({"max_passes": 0}, "max_passes: must be 1 to 20, not 0"),
        ({"trigger": Trigger.INTERVAL}, 'interval: trigger = "interval" needs one, like "7d"'),
        ({"interval": "7d"}, 'interval: it counts only with trigger = "interval" or "both"'),
        ({"trigger": Trigger.BOTH, "interval": "30m"}, "interval: 30m is less than min_interval, "
         "1h; lower that too"),
        ({"min_interval": "soon"}, "min_interval: 'soon' is not a length of time; write 90s, 15m, "
         "24h, 7d or 1h30m"),
        ({"reprice_after": "1"}, "reprice_after: '1' is not a length of time; write 90s, 15m, 24h, "
         "7d or 1h30m"),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)  # fmt: skip
def test_every_mistake_is_told_with_what_is_allowed(changes: dict[str, Any], told: str) -> None:
    found = problems(PortfolioConfig(**({"quote": "USDC", "targets": dict(TARGETS)} | changes)))
    assert [f"{problem.key}: {problem.message}" for problem in found] == [told]


def test_a_good_config_has_no_problem() -> None:
    assert problems(config()) == []
    assert problems(config(trigger=Trigger.BOTH, interval="7d")) == []
    assert problems(config({"BTC": Decimal(70), "USDC": Decimal(30)})) == []


def test_the_symbols_are_the_coins_on_spot_and_the_quote_is_no_coin() -> None:
    asked = config({"BTC": Decimal(70), "USDC": Decimal(30)})
    assert [asked.symbol(coin) for coin in asked.coins] == ["BTC/USDC"]
    assert asked.assets == ("BTC", "USDC")
    assert config().assets == ("BTC", "ETH", "SOL", "MATIC", "USDC")


@pytest.mark.parametrize(("btc", "beyond"), [("4499", False), ("4500", True), ("4501", True)])
def test_a_drift_that_reaches_five_points_triggers(btc: str, beyond: bool) -> None:
    rest = Decimal(10_000) - Decimal(btc)
    at = held(BTC=btc, ETH=f"{rest * 30 / 60}", SOL=f"{rest * 20 / 60}", MATIC=f"{rest * 10 / 60}")
    assert is_beyond(config(), at, {}) is beyond


def test_a_relative_threshold_is_a_share_of_each_target() -> None:
    # A tenth: BTC may drift by 4 points, MATIC by 1.
    relative = {"threshold_mode": ThresholdMode.RELATIVE, "threshold": Decimal(10)}
    near = held(BTC="4300", ETH="2750", SOL="1860", MATIC="1090")
    far = held(BTC="4300", ETH="2750", SOL="1850", MATIC="1100")
    assert not is_beyond(config(**relative), near, {})
    assert is_beyond(config(**relative), far, {})


def test_cash_triggers_only_where_it_has_a_target() -> None:
    shares = {"BTC": Decimal(50), "ETH": Decimal(47), "USDC": Decimal(3)}
    cash_rich = held("800", BTC="4800", ETH="4400")
    assert is_beyond(config(shares), cash_rich, {})
    assert not is_beyond(config({"BTC": Decimal(52), "ETH": Decimal(48)}), cash_rich, {})


@pytest.mark.parametrize(
    ("btc", "beyond"),
    [("4500", False), ("4700", False), ("4701", True), ("3501", False), ("3500", True)],
)
def test_what_could_not_be_mended_counts_on_top_of_the_threshold_on_its_own_side(
    btc: str, beyond: bool
) -> None:
    # Two points above could not be mended: more than 7 above trigger, and still 5 below.
    shares = {"BTC": Decimal(40), "ETH": Decimal(30), "SOL": Decimal(30)}
    rest = str((10_000 - Decimal(btc)) / 2)
    at = held(BTC=btc, ETH=rest, SOL=rest)
    assert is_beyond(config(shares), at, {"BTC": Decimal(2)}) is beyond


def test_a_tolerance_wider_than_the_threshold_is_the_threshold() -> None:
    fine = config(threshold=Decimal("0.5"))
    at = held(BTC="4060", ETH="2940", SOL="2000", MATIC="1000")
    assert set(off_target(fine, at)) == {"BTC", "ETH"}
    assert off_target(config(), at) == {}


def test_the_weights_of_the_example_are_45_28_18_and_9() -> None:
    assert weights(config(), EXAMPLE) == {
        "BTC": 45, "ETH": 28, "SOL": 18, "MATIC": 9, "USDC": 0,
    }  # fmt: skip


def test_the_least_value_makes_twice_the_least_order_of_a_drift_at_its_threshold() -> None:
    # 5 % of 400 is 20, and the venue's least order is 10.
    assert least_value(config(), spots(TARGETS)) == Decimal(400)
    small = config({"BTC": Decimal(98), "ETH": Decimal(2)})
    assert least_value(small, spots(("BTC", "ETH"))) == THOUSAND
    assert least_value(config(min_trade=Decimal(50)), spots(TARGETS)) == 2 * THOUSAND


# never late

COINS = ("BTC", "ETH", "SOL", "MATIC")
SHARES = st.lists(st.integers(1, 60), min_size=2, max_size=4)


@st.composite
def portfolios(draw: st.DrawFn) -> tuple[PortfolioConfig, Holdings]:
    """A portfolio somewhere near its targets, with or without a target for its cash."""
    shares = draw(SHARES)
    names = list(COINS[: len(shares) - draw(st.booleans())])
    if len(names) < len(shares):
        names.append("USDC")
    total = sum(shares)
    targets = {n: Decimal(s * 100) / total for n, s in zip(names, shares, strict=True)}
    last = names[-1]
    targets[last] = 100 - sum(t for n, t in targets.items() if n != last)
    asked = config(
        targets,
        threshold=Decimal(draw(st.integers(5, 300))) / 10,
        threshold_mode=draw(st.sampled_from(ThresholdMode)),
    )
    off = st.integers(600, 1500).map(lambda permille: Decimal(permille) / 1000)
    prices = {c: Decimal(draw(st.integers(10_000, 9_000_000))) / 100 for c in asked.coins}
    values = {c: asked.target(c) * 100 * draw(off) for c in asked.coins}
    cash = asked.target("USDC") * 100 * draw(off) + draw(st.integers(-20, 300))
    return asked, Holdings(
        quote="USDC",
        cash=Decimal(cash),
        quantities={c: values[c] / prices[c] for c in asked.coins},
        prices=prices,
    )


@settings(max_examples=400, deadline=None)
@given(portfolios(), st.lists(st.floats(0, 1), min_size=4, max_size=4), st.booleans())
def test_strictly_inside_the_bands_no_weight_can_reach_its_threshold(
    case: tuple[PortfolioConfig, Holdings], where: list[float], extreme: bool
) -> None:
    asked, now = case
    if is_beyond(asked, now, {}):
        return
    bands = quiet_bands(asked, now, {}, spots(asked.coins, tick_size=Decimal("0.01")))
    moved = {}
    for coin, share in zip(asked.coins, where, strict=False):
        below, above = bands[asked.symbol(coin)]
        assert below is not None
        assert above is not None
        at = Decimal(round(share) if extreme else share)
        price = below + (above - below) * at
        grain = Decimal("0.0001")
        price = min(max(price, below + grain), above - grain)
        if price <= below or price >= above:
            return  # the band is narrower than that: every price wakes
        moved[coin] = price
    later = Holdings(
        quote="USDC", cash=now.cash, quantities=now.quantities, prices=now.prices | moved
    )
    assert not is_beyond(asked, later, {})


def test_the_bands_are_as_wide_as_they_can_be() -> None:
    # BTC 44 of a limit of 45: at u = √((45 ÷ 55) ÷ (44 ÷ 56)) its weight would be 45.
    at = held(BTC="4400", ETH="2800", SOL="1800", MATIC="1000")
    bands = quiet_bands(config(), at, {}, spots(TARGETS, tick_size=Decimal("0.000001")))
    factor = (Decimal(45) * 56 / (Decimal(55) * 44)).sqrt()
    below, above = bands["BTC/USDC"]
    assert below is not None
    assert above is not None
    assert abs(above - factor) < Decimal("0.000002")
    assert abs(below - 1 / factor) < Decimal("0.000002")


def test_without_coins_no_price_matters() -> None:
    nothing = held("10000", BTC="0", ETH="0", SOL="0", MATIC="0")
    assert quiet_bands(config(), nothing, {}, spots(TARGETS)) == {}
