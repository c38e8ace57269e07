"""What every client of an engine must answer when it is asked what a config means.

Subclasses give `asked`: a client of an engine that has seen 2400 for ETH/USDC:USDC on `sim`, and
previews texts as if they lived at `PATH`.
"""

from decimal import Decimal
from pathlib import Path

from nimbus_tui.bootstrap import previewer
from nimbus_tui.control.client import EngineClient
from nimbus_tui.core.panels import LadderPanel
from nimbus_tui.core.preview import PriceOrigin
from tests.simulation.worlds import World

PATH = Path("folder/bots.toml")
SEEN = Decimal(2400)
TEXT = """\
[exchanges.sim]
type = "paper"

[bots.eth]
strategy = "grid"
exchange = "sim"
symbol = "ETH/USDC:USDC"
spacing = 0.5
levels = 3
quote_size = 100
"""


async def a_world() -> World:
    """An engine that has a grid and a price, and previews as one that bootstrap put together."""
    world = await World().start(str(SEEN))
    world.engine.previewer = previewer(PATH)
    return world


class PreviewingClientContract:
    """The suite; subclasses provide the `asked` fixture."""

    async def test_a_preview_is_made_at_the_newest_price(self, asked: EngineClient) -> None:
        answer = await asked.preview(TEXT)
        assert answer.ok
        (price,) = answer.prices
        assert (price.exchange, price.symbol) == ("sim", "ETH/USDC:USDC")
        assert (price.price, price.origin) == (SEEN, PriceOrigin.ENGINE)
        assert price.ts is not None
        panel = answer.previews["eth"].panel
        assert isinstance(panel, LadderPanel)
        assert [row.price for row in panel.rows if row.side] == [
            Decimal(level) for level in (2436, 2424, 2412, 2388, 2376, 2364)
        ]

    async def test_figures_keep_their_kind(self, asked: EngineClient) -> None:
        preview = (await asked.preview(TEXT)).previews["eth"]
        figures = {figure.name: figure for figure in preview.figures}
        assert isinstance(figures["capital needed"].value, Decimal)
        assert figures["capital needed"].unit == "USDC"
        assert figures["buy orders"].value == 3
        assert figures["liquidation when long"].value == "none"
        assert preview.warnings

    async def test_a_symbol_that_the_engine_has_not_seen_opens_its_market(
        self, asked: EngineClient
    ) -> None:
        (price,) = (await asked.preview(TEXT.replace("ETH/USDC:USDC", "BTC/USDC"))).prices
        assert (price.price, price.origin) == (Decimal(60_000), PriceOrigin.SYNTHETIC_START)

    async def test_what_is_wrong_is_answered_with_its_place(self, asked: EngineClient) -> None:
        answer = await asked.preview(TEXT.replace("0.5", "0.03").replace("= 3", "= 0"))
        assert not answer.ok
        assert answer.previews == {}
        assert [(e.file, e.line, e.column, e.key) for e in answer.errors] == [
            (str(PATH), 9, 1, "bots.eth.levels")
        ]
        (refused,) = (await asked.preview(TEXT.replace("0.5", "0.03"))).errors
        assert (refused.line, refused.column, refused.key) == (8, 1, "bots.eth.spacing")
        assert "does not pay the fees" in refused.message

    async def test_no_text_is_so_broken_that_it_raises(self, asked: EngineClient) -> None:
        for text in ("", "[", "\x00", "= = =", "x" * 1_000_001, TEXT.replace("3", "1" * 5000)):
            answer = await asked.preview(text)
            assert answer.errors
            assert all(error.line >= 1 and error.column >= 1 for error in answer.errors)

    async def test_a_market_without_a_price_is_an_error_at_its_symbol(
        self, asked: EngineClient, tmp_path: Path
    ) -> None:
        empty = tmp_path / "empty.csv"
        empty.write_text("timestamp_ms,price,size\n")
        files = f'market = "replay"\nfiles = {{ "SOL/USDC" = "{empty}" }}\n'
        text = TEXT.replace('"paper"\n', f'"paper"\n{files}').replace("ETH/USDC:USDC", "SOL/USDC")
        answer = await asked.preview(text)
        (error,) = answer.errors
        assert (error.line, error.key) == (9, "bots.eth.symbol")
        assert "there is no price of SOL/USDC" in error.message
        assert "has a header but no rows" in error.message
        assert (answer.previews, answer.prices, answer.ok) == ({}, (), False)
