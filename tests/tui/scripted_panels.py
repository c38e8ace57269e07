"""One bot of every other kind for the scripted client: a DCA, a portfolio and so on."""

from decimal import Decimal

import msgspec

from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.account import EquityPoint
from nimbus_tui.core.ids import BotId, OrderKey, Symbol
from nimbus_tui.core.order import Side
from nimbus_tui.core.panels import (
    DriftPanel,
    DriftRow,
    LadderPanel,
    LadderRow,
    RowState,
    SlotState,
    StepRow,
    StepsPanel,
    StepState,
    TimelinePanel,
    TimelineRow,
)
from tests.tui.scripted_client import MIDNIGHT, SECOND, START, ScriptedClient, bot

D = Decimal
HOUR = 3600 * SECOND
DAY = 24 * HOUR

DCA, BASKET, MARTINGALE, PLUGIN = map(BotId, ("btc-dca", "basket", "sol-steps", "my-own"))


def done(day: int, price: str, quantity: str, invested: str, mean: str, cost: str) -> TimelineRow:
    """A slot that has traded for 50, at nine o'clock of a day before today."""
    return TimelineRow(
        due=MIDNIGHT - day * DAY + 9 * HOUR,
        state=SlotState.DONE,
        key=OrderKey(f"dca/{day}"),
        price=D(price),
        quantity=D(quantity),
        spent=D(price) * D(quantity),
        invested=D(invested),
        mean_price=D(mean),
        average_cost=D(cost),
    )


def untraded(day: int, state: SlotState, note: str = "") -> TimelineRow:
    """A slot that has traded nothing."""
    return TimelineRow(due=MIDNIGHT - day * DAY + 9 * HOUR, state=state, note=note)


def timeline_panel() -> TimelinePanel:
    """The worked example of three buys, with slots that went wrong and slots to come."""
    rows = (
        untraded(6, SlotState.MISSED, "the engine was down"),
        done(5, "40000", "0.00125000", "50", "40000", "40000"),
        done(4, "41000", "0.00121951", "99.99991", "40500", "40493.8271"),
        untraded(3, SlotState.SKIPPED, "45,120 is above the ceiling of 45,000"),
        done(2, "38000", "0.00131578", "149.99955", "39666.666666666666", "39626.9563"),
        untraded(0, SlotState.NEXT),
        *(untraded(-day, SlotState.LATER) for day in range(1, 6)),
    )
    return TimelinePanel(
        rows=rows,
        orders=3,
        max_orders=30,
        invested=D("149.99955"),
        max_quote=D(1500),
        next_due=MIDNIGHT + 9 * HOUR,
        stop_price=D("33682.91"),
        target_price=D("43589.65"),
    )


def drift_row(
    asset: str, target: str, current: str, value: str, quantity: str, side: Side, amount: str
) -> DriftRow:
    """An asset with a threshold of five points."""
    return DriftRow(
        asset=asset, target=D(target), current=D(current), drift=D(current) - D(target),
        threshold=D(5), quantity=D(quantity), value=D(value), side=side, amount=D(amount),
    )  # fmt: skip


def drift_panel() -> DriftPanel:
    """The worked example: Bitcoin is five points over, so everything goes to its target."""
    return DriftPanel(
        rows=(
            drift_row("BTC", "40", "45", "4500", "0.0701", Side.SELL, "500"),
            drift_row("ETH", "30", "28", "2800", "1.1665", Side.BUY, "200"),
            drift_row("SOL", "20", "18", "1800", "11.91", Side.BUY, "200"),
            drift_row("MATIC", "10", "9", "900", "1800.0", Side.BUY, "100"),
        ),
        value=D(10_000),
        quote="USDC",
        round_number=3,
        last_rebalance=START - 5 * HOUR,
    )


def rebalancing_panel() -> DriftPanel:
    """The same, with the sell filled in part and the buys waiting for its proceeds."""
    states = (RowState.PARTIAL, RowState.WAITING, RowState.WAITING, RowState.WAITING)
    still = drift_panel()
    rows = tuple(
        msgspec.structs.replace(row, state=state, key=OrderKey(f"rebalance/4.1/{row.asset}"))
        for row, state in zip(still.rows, states, strict=True)
    )
    return msgspec.structs.replace(
        still, rows=rows, is_rebalancing=True, round_number=4, next_rebalance=START + HOUR
    )


STEPS = [  # deviation, price, quantity, quote, in total, average cost, take profit
    ("0", "152.000", "0.65", "98.80", "98.80", "152.0304", "153.551"),
    ("1.5", "149.720", "1.33", "199.13", "297.93", "150.5232", "152.029"),
    ("3.3", "146.984", "2.72", "399.80", "697.73", "148.5141", "150.000"),
    ("5.46", "143.700", "5.56", "798.97", "1496.70", "145.9070", "147.367"),
    ("8.052", "139.760", "11.44", "1598.85", "3095.55", "142.6622", "144.089"),
]


def steps_panel() -> StepsPanel:
    """A long that has bought its first safety order and has the second one resting."""
    states = [StepState.FILLED, StepState.FILLED, StepState.IN_PLAY]
    rows = tuple(
        StepRow(
            step=number,
            state=states[number] if number < len(states) else StepState.WAITING,
            price=D(price),
            deviation_percent=D(deviation),
            quantity=D(quantity),
            quote=D(quote),
            cumulative_quote=D(total),
            average_cost=D(cost),
            target_price=D(target),
            order=RowState.RESTING if number == 2 else RowState.EMPTY,
        )
        for number, (deviation, price, quantity, quote, total, cost, target) in enumerate(STEPS)
    )
    return StepsPanel(
        rows=rows, side=Side.BUY, cycle=7, entry_price=D("152.000"), average_cost=D("150.5232"),
        target_price=D("152.029"), target_quantity=D("1.98"), target_state=RowState.RESTING,
        stop_price=D("127.945"), capital=D("3095.55"),
    )  # fmt: skip


def plan_panel() -> LadderPanel:
    """What the engine makes of a plan whose strategy brings no panel."""
    orders = (
        (2, "2436", "0.05", "trend/exit/far", RowState.RESTING),
        (1, "2412", "0.05", "trend/exit/near", RowState.PARTIAL),
        (-1, "2388.5", "0.1", "trend/entry", RowState.RESTING),
        (-2, "2304", "0.1", "trend/stop", RowState.HELD),
    )
    now = D("2401.37")
    return LadderPanel(
        rows=tuple(
            LadderRow(
                level=level,
                price=D(price),
                offset_percent=(D(price) - now) / now * 100,
                side=Side.SELL if level > 0 else Side.BUY,
                quantity=D(quantity),
                filled=D("0.02") if state is RowState.PARTIAL else D(0),
                key=OrderKey(key),
                state=state,
            )
            for level, price, quantity, key, state in orders
        ),
        wake_below=D(2350),
        wake_above=D(2450),
        wake_at=START + 14 * 60 * SECOND,
        note="at market: buy 0.01 ETH (trend/probe, pending)",
    )


def with_all_kinds(client: ScriptedClient) -> ScriptedClient:
    """Give a scripted client one bot of every kind, each with its panel."""
    dca = bot(
        DCA, "BTC/USDC", "41250.5", strategy="dca", position=D("0.00378529"),
        average_cost=D("39626.9563"), round_trips=0, open_orders=0,
        statistics={"invested": "149.99955", "orders": 3, "next": "09:00"},
    )  # fmt: skip
    basket = bot(
        BASKET, "several", "0", strategy="portfolio", round_trips=0, open_orders=1,
        symbols=tuple(Symbol(f"{asset}/USDC") for asset in ("BTC", "ETH", "SOL", "MATIC")),
        statistics={
            "value": "10000.00", "cost": "4.21",
            "assets": [
                {"symbol": "BTC/USDC", "price": "64200", "position": "0.0701"},
                {"symbol": "ETH/USDC", "price": "2400.34", "position": "1.1665"},
            ],
        },
    )  # fmt: skip
    basket = msgspec.structs.replace(
        basket, symbol=None, price=None, position=None, average_cost=None
    )
    sol = bot(
        MARTINGALE, "SOL/USDC:USDC", "148.311", strategy="martingale", position=D("1.98"),
        average_cost=D("150.5232"), round_trips=6, open_orders=2,
        statistics={"cycles": 6, "deepest_step": 3},
    )  # fmt: skip
    own = bot(PLUGIN, "ETH/USDC", "2401.37", strategy="trend", open_orders=4, statistics={})
    panels = (timeline_panel(), drift_panel(), steps_panel(), plan_panel())
    for one, panel in zip((dca, basket, sol, own), panels, strict=True):
        client.curves[one.bot_id] = points = curve(one)
        client.bots[one.bot_id] = msgspec.structs.replace(one, equity=points[-1].equity)
        client.panels[one.bot_id] = panel
    return client


def curve(of: BotSnapshot, minutes: int = 1200) -> list[EquityPoint]:
    """A made-up walk, the same each time, with an hour in which nobody looked."""
    points, value, seed = [], of.capital, 7
    for minute in range(-minutes, 0):
        seed = seed * 1103515245 + 12345 & 0x7FFFFFFF
        value += (D(seed % 2001) - 995) / 400
        if not -700 < minute < -640:
            points.append(EquityPoint(START + minute * 60 * SECOND, value))
    return points
