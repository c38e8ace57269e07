"""What every client of an engine must answer when its config is looked at and changed.

Subclasses give `editor`: a client of the engine of `a_world(path)`, and `path`, its file.
"""

from pathlib import Path

from nimbus_tui.control.client import EngineClient
from nimbus_tui.control.commands import Outcome, Result
from nimbus_tui.control.config_change import BotChangeKind, text_hash
from nimbus_tui.control.config_form import FieldKind
from nimbus_tui.core.ids import ExchangeName
from nimbus_tui.core.instrument import MarketType
from nimbus_tui.core.order import Side
from tests.engine.editing import DCA, TEXT, Editing

SIM = ExchangeName("sim")
WIDER = TEXT.replace("spacing = 0.5", "spacing = 1.0")


async def a_world(path: Path) -> Editing:
    """A grid with a price, on a config file."""
    return await Editing(path).start()


def write(path: Path, text: str) -> None:
    """What another program does."""
    path.write_text(text)


class EditingClientContract:
    """The suite; subclasses provide the fixtures `editor` and `path`."""

    async def test_the_file_is_read_with_what_tells_it_apart(
        self, editor: EngineClient, path: Path
    ) -> None:
        now = await editor.read_config()
        assert (now.text, now.path, now.trouble) == (TEXT, str(path), "")
        assert now.hash == now.running_hash == text_hash(TEXT)
        write(path, WIDER)
        assert (await editor.read_config()).hash == text_hash(WIDER)

    async def test_a_plan_names_each_order_that_goes_and_comes(self, editor: EngineClient) -> None:
        before = list(await editor.orders())
        change = await editor.plan_config(WIDER + DCA, text_hash(TEXT))
        assert change.ok
        grid, new = change.bots
        assert (grid.kind, grid.keys) == (BotChangeKind.HOT, ("spacing",))
        assert sorted(grid.cancels, key=lambda o: o.key) == sorted(before, key=lambda o: o.key)
        assert {(one.side, str(one.price)) for one in grid.places} == {
            (Side.BUY, "2376.00"), (Side.BUY, "2352.00"), (Side.BUY, "2328.00"),
            (Side.SELL, "2424.00"), (Side.SELL, "2448.00"), (Side.SELL, "2472.00"),
        }  # fmt: skip
        assert new.kind is BotChangeKind.ADDED
        assert list(await editor.orders()) == before

    async def test_what_is_wrong_is_told_with_its_place(self, editor: EngineClient) -> None:
        change = await editor.plan_config("[bots", text_hash(TEXT))
        (problem,) = change.problems
        assert (problem.line, change.ok, change.bots) == (1, False, ())

    async def test_a_save_changes_file_and_engine(self, editor: EngineClient) -> None:
        outcome = await editor.save_config(WIDER, text_hash(TEXT))
        assert outcome == Outcome(Result.DONE, "saved: 1 bot applied at once")
        now = await editor.read_config()
        assert now.text == WIDER
        assert now.running_hash == now.hash == text_hash(WIDER)

    async def test_the_second_of_two_editors_is_refused(self, editor: EngineClient) -> None:
        await editor.save_config(WIDER, text_hash(TEXT))
        refused = await editor.save_config(TEXT + DCA, text_hash(TEXT))
        assert refused.result is Result.REFUSED
        assert "has been edited meanwhile" in refused.message
        assert (await editor.read_config()).text == WIDER

    async def test_the_form_says_what_a_key_takes(self, editor: EngineClient) -> None:
        form = await editor.config_form()
        assert set(form.bots) >= {"grid", "dca", "martingale", "portfolio"}
        fields = {one.path: one for one in form.bots["grid"].fields}
        assert fields["levels",].kind is FieldKind.WHOLE
        assert fields["levels",].required
        assert fields["mode",].choices == ("arithmetic", "geometric")
        assert fields["risk", "drawdown"].unit == "%"

    async def test_what_an_exchange_offers_comes_with_prices_that_are_known(
        self, editor: EngineClient
    ) -> None:
        offered = await editor.instruments(SIM)
        rows = {row.symbol: row for row in offered.rows}
        assert offered.trouble == ""
        assert str(rows["ETH/USDC:USDC"].price) == "2400"
        assert rows["ETH/USDC:USDC"].market is MarketType.PERPETUAL
        assert rows["SOL/USDC"].price is None
        nowhere = await editor.instruments(ExchangeName("nowhere"))
        assert (nowhere.rows, nowhere.trouble) == (
            (),
            "there is no exchange 'nowhere'; there are: sim",
        )

    async def test_a_secret_goes_to_the_vault(self, editor: EngineClient) -> None:
        outcome = await editor.set_secret("hl-agent", "0x" + "ab" * 32, "correct horse")
        assert outcome == Outcome(Result.DONE, "hl-agent is in the vault")
