"""Where a running engine is given another config: read, planned, saved and followed."""

import asyncio
from collections import Counter

import msgspec

from nimbus_tui.control.commands import Outcome, Result
from nimbus_tui.control.config_change import (
    BotChangeKind,
    ConfigChange,
    ConfigText,
    InstrumentList,
    InstrumentRow,
)
from nimbus_tui.control.config_form import ConfigForm
from nimbus_tui.core.errors import JournalError
from nimbus_tui.core.ids import ExchangeName
from nimbus_tui.core.secret import Secret
from nimbus_tui.engine.config_changes import changes, refusal_of
from nimbus_tui.engine.config_source import ConfigSource, Draft, NoConfigSource
from nimbus_tui.engine.following import follow
from nimbus_tui.engine.life_side import LifeSide

_BOTS = {True: "bot", False: "bots"}


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
        edited = await asyncio.to_thread(self.source.edited, expected_hash)
        return self._change(draft, edited)

    def _change(self, draft: Draft, edited: str) -> ConfigChange:
        if draft.problems:
            return ConfigChange(problems=draft.problems, refusal=edited)
        engine = self._engine
        if engine.state != "running":
            why = engine.emergency.progress or f"the engine is {engine.state}"
            return ConfigChange(refusal=edited or f"no config can be saved now: {why}")
        engine.process()  # what has arrived counts
        found = changes(engine, draft)
        told = [f"{key} changes at once" for key in draft.at_once]
        told += [f"{key} changes at the next start" for key in draft.next_start]
        return ConfigChange(refusal=edited or refusal_of(found), bots=found, engine=tuple(told))

    async def save(self, text: str, expected_hash: str) -> Outcome:
        """Save a text and follow it; of several who save, each is judged by what was before."""
        async with self._turn:
            draft = await asyncio.to_thread(self.source.draft, text)
            change = self._change(draft, await asyncio.to_thread(self.source.edited, expected_hash))
            if change.problems:
                return Outcome(Result.REFUSED, str(change.problems[0]))
            refusal = change.refusal or await asyncio.to_thread(
                self.source.save, text, expected_hash
            )
            if refusal:
                return Outcome(Result.REFUSED, refusal)
            return self._followed(draft, text)

    def _followed(self, draft: Draft, text: str) -> Outcome:
        """The file is saved: the engine goes after it, unless the moment has passed."""
        engine = self._engine
        change = self._change(draft, "")
        if change.refusal:
            return Outcome(
                Result.ACCEPTED, f"saved, and counts from the next start only: {change.refusal}"
            )
        try:
            with engine.journal.transaction():
                follow(engine, draft)
                engine.bus.write()
            # A bot whose creation is forgotten would get another incarnation.
            engine.journal.make_durable()
        except JournalError as error:
            engine.emergency.journal_lost(error)
            return Outcome(Result.REFUSED, f"saved, but not followed: {engine.emergency.progress}")
        except Exception as error:  # memory and journal have parted in the middle of it
            engine.emergency.engine_broken(error)
            return Outcome(Result.REFUSED, f"saved, but not followed: {engine.emergency.progress}")
        self.source.followed(text)
        engine.process()
        engine.changed()
        return Outcome(Result.DONE, _summary(change))

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


def _summary(change: ConfigChange) -> str:
    """What was done, in one line."""
    kinds = Counter(one.kind for one in change.bots)
    kinds.pop(BotChangeKind.UNCHANGED, None)
    if not kinds and not change.engine:
        return "saved; nothing else changes"
    told = [f"{count} {_BOTS[count == 1]} {kind.value}" for kind, count in kinds.items()]
    return f"saved: {', '.join((*told, *change.engine))}"
