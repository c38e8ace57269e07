"""The config side of an engine client in memory: one text on a disk that isn't one."""

from pathlib import Path

import msgspec

from nimbus_tui.bootstrap import preview
from nimbus_tui.control.commands import Outcome, Result
from nimbus_tui.control.config_change import (
    BotChange,
    BotChangeKind,
    ConfigChange,
    ConfigText,
    InstrumentList,
    InstrumentRow,
    text_hash,
)
from nimbus_tui.control.config_form import ConfigForm, FieldKind, FormField, FormSection
from nimbus_tui.core.ids import BotId, ExchangeName, Symbol
from nimbus_tui.core.instrument import MarketType
from nimbus_tui.core.preview import ConfigPreview
from tests.tui.scripted_client import D, ScriptedClient

PATH = "/home/kim/nimbus/home.toml"
TEXT = """\
# Kim's bots: nothing here is real money.

[exchanges.sim]
type = "paper"                  # made-up prices
balances = { USDC = 30_000 }

[risk]
drawdown = 30                   # of everything

[bots.eth-grid]                 # spot
strategy = "grid"
exchange = "sim"
symbol = "ETH/USDC"
spacing = 0.15                  # percent between two levels
levels = 5                      # on each side
quote_size = 200
risk = { stop_loss = 10 }

[bots.btc-perp]
strategy = "grid"
exchange = "sim"
symbol = "BTC/USDC:USDC"
spacing = 0.1
levels = 6
quote_size = 300
"""


def field(key: str, kind: FieldKind = FieldKind.NUMBER, **more: object) -> FormField:
    path = tuple(key.split("."))
    given: dict[str, object] = {
        "key": path[-1], "path": path, "label": path[-1].replace("_", " "), "kind": kind,
        "takes": f"a {kind.value}",
        "help": f"What {path[-1].replace('_', ' ')} means.",
    }  # fmt: skip
    return FormField(**(given | more))  # type: ignore[arg-type]


MODES = ("arithmetic", "geometric")
GRID = FormSection(
    title="grid bot",
    fields=(
        field("symbol", FieldKind.TEXT, required=True, help="What is traded, e.g. ETH/USDC."),
        field("levels", FieldKind.WHOLE, required=True, limits="at least 1"),
        field("spacing", unit="%", help="Distance between two levels, in percent of the base."),
        field("quote_size", unit="USDC"),
        field("mode", FieldKind.CHOICE, choices=MODES, default='"arithmetic"'),
        field("post_only", FieldKind.SWITCH, default="true"),
        field("strategy", FieldKind.TEXT, required=True),
        field("exchange", FieldKind.TEXT, required=True),
        field("live", FieldKind.SWITCH, default="false"),
        field("capital"),
        field("risk.stop_loss", unit="%"),
        field("risk.drawdown", unit="%"),
        field("risk.cooldown", FieldKind.TEXT, default='"1h"'),
    ),
)  # fmt: skip
FORM = ConfigForm(
    engine=FormSection(title="engine", fields=(field("name", FieldKind.TEXT),)),
    ui=FormSection(title="ui", fields=(field("theme", FieldKind.TEXT, default='"nimbus-dark"'),)),
    risk=FormSection(title="risk", fields=(field("drawdown", unit="%"),)),
    exchanges={
        "paper": FormSection(
            title="paper",
            fields=(
                field("type", FieldKind.TEXT, required=True),
                field("balances", FieldKind.TABLE, takes="a table, like { USDC = 10_000 }"),
            ),
        )
    },
    bots={"grid": GRID},
)


class ConfigClient(ScriptedClient):
    """A scripted engine whose config is a text in memory; checks are the real ones."""

    def __init__(self, text: str = TEXT) -> None:
        super().__init__()
        self.disk = text
        self.running = text
        self.saved: list[str] = []
        self.checks = 0
        self.plan_problems = True
        """Whether a plan tells what is wrong with the text; a list of a real venue is not here."""
        self.change = ConfigChange()
        """What saving would do, beside what is wrong with the text."""

    async def read_config(self) -> ConfigText:
        await self._answering()
        return ConfigText(
            text=self.disk,
            path=PATH,
            hash=text_hash(self.disk),
            running_hash=text_hash(self.running),
        )

    async def config_form(self) -> ConfigForm:
        await self._answering()
        return FORM

    async def preview(self, text: str) -> ConfigPreview:
        await self._answering()
        self.checks += 1
        return preview(text, Path(PATH), lambda *_: None)

    async def plan_config(self, text: str, expected_hash: str) -> ConfigChange:
        await self._answering()
        answer = await self.preview(text)
        problems = answer.errors if self.plan_problems else ()
        return msgspec.structs.replace(self.change, problems=problems)

    async def save_config(self, text: str, expected_hash: str) -> Outcome:
        await self._answering()
        if expected_hash != text_hash(self.disk):
            return Outcome(Result.REFUSED, "the file was edited meanwhile")
        self.disk = self.running = text
        self.saved.append(text)
        return Outcome(Result.DONE, "saved; eth-grid goes on under its new parameters")

    async def instruments(self, exchange: ExchangeName) -> InstrumentList:
        await self._answering()
        return InstrumentList(
            tuple(
                InstrumentRow(
                    exchange=exchange, symbol=Symbol(symbol), tick_size=D("0.01"),
                    market=MarketType.SPOT if ":" not in symbol else MarketType.PERPETUAL,
                    lot_size=D("0.0001"), min_notional=D(10), maker_fee=D("0.0002"),
                    taker_fee=D("0.0005"), price=D(price) if price else None,
                )
                for symbol, price in (
                    ("BTC/USDC", "64231.50"), ("BTC/USDC:USDC", "64230.00"),
                    ("ETH/USDC", "2401.37"), ("ETH/USDC:USDC", ""),
                    ("SOL/USDC", "151.04"), ("SOL/USDC:USDC", ""),
                )
            )
        )  # fmt: skip


HOT = ConfigChange(
    bots=(
        BotChange(
            bot_id=BotId("eth-grid"), kind=BotChangeKind.HOT, keys=("spacing",),
            message="It places its levels anew around the present price.",
        ),
        BotChange(bot_id=BotId("btc-perp"), kind=BotChangeKind.UNCHANGED),
    )
)  # fmt: skip
