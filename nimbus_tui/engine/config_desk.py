"""Where a running engine is given another config: read, planned, saved and followed."""

import asyncio

import msgspec

from nimbus_tui.control.commands import Outcome, Result
from nimbus_tui.control.config_change import (
    ConfigChange,
    ConfigText,
    InstrumentList,
    InstrumentRow,
)
from nimbus_tui.control.config_form import ConfigForm
from nimbus_tui.core.ids import ExchangeName
from nimbus_tui.core.secret import Secret
from nimbus_tui.engine.config_source import ConfigSource, NoConfigSource
from nimbus_tui.engine.life_side import LifeSide


class ConfigDesk:
    """One engine's; what takes files is done in another thread, so that no bot waits for it."""

    def __init__(self, engine: LifeSide) -> None:
        self._engine = engine
        self.source: ConfigSource = NoConfigSource()
        self._turn = asyncio.Lock()

    async def read(self) -> ConfigText:
        """The config file as it is on the disk now."""
        return await asyncio.to_thread(self.source.read)

    async def plan(self, text: str, expected_hash: str) -> ConfigChange:
        """What `save` would do now; nothing of it is done."""
        draft = await asyncio.to_thread(self.source.draft, text)
        return ConfigChange(problems=draft.problems)

    async def save(self, text: str, expected_hash: str) -> Outcome:
        """Save a text and follow it."""
        async with self._turn:
            change = await self.plan(text, expected_hash)
            if change.problems:
                return Outcome(Result.REFUSED, str(change.problems[0]))
            return Outcome(
                Result.REFUSED, await asyncio.to_thread(self.source.save, text, expected_hash)
            )

    async def form(self) -> ConfigForm:
        """Every key that a config can have."""
        return await asyncio.to_thread(self.source.form)

    async def instruments(self, exchange: ExchangeName) -> InstrumentList:
        """What an exchange offers: as the venue says, where it is connected, else as the files."""
        known = await asyncio.to_thread(self.source.offers, exchange)
        return msgspec.structs.replace(known, rows=tuple(self._priced(row) for row in known.rows))

    def _priced(self, row: InstrumentRow) -> InstrumentRow:
        quote = self._engine.prices.get((row.exchange, row.symbol))
        return row if quote is None else msgspec.structs.replace(row, price=quote.price)

    async def set_secret(self, name: str, text: Secret, passphrase: Secret) -> Outcome:
        """Put a secret into the vault."""
        return await asyncio.to_thread(self.source.set_secret, name, text, passphrase)
