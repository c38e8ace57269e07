"""How a backtest begins: at its first tick, with prices that come one after the other."""

from decimal import Decimal
from pathlib import Path

from nimbus_tui.bootstrap import simulated
from nimbus_tui.config.loader import load_text
from nimbus_tui.core.events import Event, RiskCleared, RiskEscalated
from nimbus_tui.core.market import Tick
from nimbus_tui.exchanges.paper.instruments import builtin_instrument

SECOND = 1_000_000_000
BEGIN = 1_763_769_600 * SECOND
PRICES = {"ETH/USDC": "2400", "BTC/USDC": "60000"}
CONFIG = """\
[exchanges.sim]
type = "paper"

[risk]
total_exposure = 2

[bots.eth]
strategy = "grid"
exchange = "sim"
symbol = "ETH/USDC"
spacing = 0.5
levels = 3
quote_size = 100

[bots.btc]
strategy = "dca"
exchange = "sim"
symbol = "BTC/USDC"
order_quote = 50
interval = "1h"
max_orders = 10
"""


async def test_no_rule_takes_a_step_for_prices_that_are_still_on_their_way() -> None:
    config = load_text(CONFIG, Path("two.toml"), builtin_instrument, environment={})
    engine, run = simulated(config)
    told: list[Event] = []
    engine.bus.subscribe(told.append)
    await run.run(
        Tick(BEGIN + number * SECOND, symbol, Decimal(price), Decimal(0))
        for number, (symbol, price) in enumerate([*PRICES.items()] * 3)
    )
    assert engine.started_ns == BEGIN
    assert [one for one in told if isinstance(one, RiskEscalated | RiskCleared)] == []
    await engine.stop()
