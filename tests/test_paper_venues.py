"""Paper exchanges as a config wants them."""

from decimal import Decimal
from pathlib import Path

import pytest

from nimbus_tui.bootstrap import backtest
from nimbus_tui.config.listings import keep
from nimbus_tui.control.snapshots import Mode
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.market import Tick
from nimbus_tui.exchanges.paper.adapter import PaperExchange
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.paper_venues import paper_exchange, paper_settings
from nimbus_tui.simulation.clock import SimulatedClock
from tests.config.venues import (
    BOT,
    PERPETUALS,
    READ_NS,
    VENUE,
    config_of,
    list_everything,
    section,
)
from tests.exchanges.paper.venues import request

OTHER = BOT.replace("ETH/USDC:USDC", "BTC/USDC:USDC")


@pytest.fixture(autouse=True)
def _listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIMBUS_HOME", str(tmp_path))
    list_everything()


async def test_a_twin_knows_what_it_still_holds_of_a_symbol_that_no_bot_trades(
    tmp_path: Path,
) -> None:
    store = tmp_path / "paper-hl-paper.db"
    before = made(BOT, store)
    before.deliver(Tick(1, PERPETUALS[1].symbol, request("x").price, request("x").quantity))
    await before.place_order(request("a", price="2388"))
    after = made(OTHER, store)
    (order,) = await after.open_orders()
    assert order.symbol == PERPETUALS[1].symbol


async def test_a_symbol_that_is_listed_no_more_is_told(tmp_path: Path) -> None:
    store = tmp_path / "paper-hl-paper.db"
    await made(BOT, store).place_order(request("a", price="2388"))
    keep(section(), PERPETUALS[:1], READ_NS)
    with pytest.raises(ExchangeError, match="still holds ETH/USDC:USDC, which is no longer"):
        made(OTHER, store)


def made(bot: str, store: Path) -> PaperExchange:
    config = config_of(VENUE + bot)
    instruments = config.instruments["hl-paper"].values()
    settings = paper_settings(config, config.papers["hl-paper"], instruments)
    return paper_exchange(config, "hl-paper", SimulatedClock(0), PaperStore(store), None, settings)


@pytest.mark.parametrize("live", ["", "live = true\n"])
async def test_a_backtest_of_a_real_venues_bot_takes_the_instruments_that_are_kept(
    tmp_path: Path, live: str
) -> None:
    prices = tmp_path / "prices.csv"
    prices.write_text("".join(f"{1_700_000_000_000 + i},{2400 - i},1\n" for i in range(40)))
    config = config_of(VENUE + BOT + live)
    engine, run, ticks, _ = backtest(config, {PERPETUALS[1].symbol: [prices]})
    await run.run(ticks)
    (spec,) = engine.specs.values()
    assert spec.instruments[PERPETUALS[1].symbol].significant_figures == 5
    assert spec.mode is Mode.PAPER
    fills = engine.journal.fills()
    assert fills
    assert {fill.price for fill in fills} <= {fill.price.quantize(Decimal("0.1")) for fill in fills}
