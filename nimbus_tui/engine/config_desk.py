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
    text_hash,
)
from nimbus_tui.control.config_form import ConfigForm
from nimbus_tui.core.errors import JournalError, NimbusError
from nimbus_tui.core.ids import ExchangeName
from nimbus_tui.core.secret import Secret
from nimbus_tui.engine.config_changes import judged, refusal_of, with_orders
from nimbus_tui.engine.config_source import ConfigSource, Draft, NoConfigSource
from nimbus_tui.engine.following import follow
from nimbus_tui.engine.joining import join_venue
from nimbus_tui.engine.life_side import LifeSide
from nimbus_tui.journal.base import ConfigVersion

_BOTS = {True: "bot", False: "bots"}


class ConfigDesk:
    """One engine's; what takes files is done in another thread, so that no bot waits for it."""

    def __init__(self, engine: LifeSide) -> None:
        self._engine = engine
        self.source: ConfigSource = NoConfigSource()
        self._turn = asyncio.Lock()
        self._saving: set[asyncio.Task[Outcome]] = set()

    def begun(self) -> None:
        """The engine trades: keep the text that it began with."""
        if not self.source.running:
            return
        try:
            with self._engine.journal.transaction():
                self._keep(self.source.running)
        except JournalError as error:
            self._engine.emergency.journal_lost(error)

    def _keep(self, text: str) -> None:
        version = ConfigVersion(self._engine.clock.now(), text_hash(text), text)
        self._engine.journal.save_config_version(version)

    async def read(self) -> ConfigText:
        """The config file as it is on the disk now."""
        return await asyncio.to_thread(self.source.read)

    async def plan(self, text: str, expected_hash: str) -> ConfigChange:
        """What `save` would do now; nothing of it is done."""
        draft = await asyncio.to_thread(self.source.draft, text)
        return await self._change(draft, expected_hash)

    async def _change(self, draft: Draft, expected_hash: str) -> ConfigChange:
        edited = await asyncio.to_thread(self.source.edited, expected_hash)
        if draft.problems:
            return ConfigChange(problems=draft.problems, refusal=edited)
        if obstacle := self._obstacle():
            return ConfigChange(refusal=edited or obstacle)
        engine = self._engine
        engine.process()  # what has arrived counts
        specs = {spec.bot_id: spec for spec in draft.specs}
        found = list(judged(engine, draft))
        for number, change in enumerate(found):
            if change.kind is BotChangeKind.HOT:
                found[number] = with_orders(engine, change, specs[change.bot_id])
                await asyncio.sleep(0)  # noqa: TID251 - a turn for everybody else on the loop
        joined = {
            f"exchanges.{specs[change.bot_id].exchange}"
            for change in found
            if change.kind is BotChangeKind.ADDED
            and specs[change.bot_id].exchange not in engine.order_managers
        }
        told = [f"{key} changes at once" for key in draft.at_once]
        told += [_at_next_start(key) for key in draft.next_start if key not in joined]
        refusal = edited or refusal_of(found)
        return ConfigChange(refusal=refusal, bots=tuple(found), engine=tuple(told))

    def _obstacle(self) -> str:
        """Why the engine can't follow any config now; empty where it can."""
        engine = self._engine
        if engine.state == "running":
            return ""
        return f"no config can be saved now: {engine.emergency.progress or engine.state}"

    async def save(self, text: str, expected_hash: str) -> Outcome:
        """Save a text and follow it; of several who save, each is judged by what was before.

        Once begun it goes to its end, also when whoever asked for it goes away.
        """
        task = asyncio.ensure_future(self._save(text, expected_hash))
        self._saving.add(task)
        task.add_done_callback(self._saving.discard)
        return await asyncio.shield(task)

    async def _save(self, text: str, expected_hash: str) -> Outcome:
        async with self._turn:
            draft = await asyncio.to_thread(self.source.draft, text)
            change = await self._change(draft, expected_hash)
            if change.problems:
                return Outcome(Result.REFUSED, str(change.problems[0]))
            refusal = change.refusal or await asyncio.to_thread(
                self.source.save, text, expected_hash
            )
            if refusal:
                return Outcome(Result.REFUSED, refusal)
            try:
                await self._join(draft)
            except NimbusError as error:
                return _later(str(error))
            return self._followed(draft, text) or Outcome(Result.DONE, _summary(change))

    async def _join(self, draft: Draft) -> None:
        """Open the venues that new bots need and that aren't there yet."""
        engine = self._engine
        for name in dict.fromkeys(spec.exchange for spec in draft.specs):
            if name not in engine.order_managers and name in draft.can_join:
                await join_venue(engine, self.source.open_venue(draft, name))

    def _followed(self, draft: Draft, text: str) -> Outcome | None:
        """Let the engine go after the file that is saved; what kept it from that, if anything."""
        engine = self._engine
        found = judged(engine, draft)
        if missed := self._obstacle() or refusal_of(found):
            return _later(missed)  # something has happened while the file was written
        try:
            with engine.journal.transaction():
                follow(engine, draft, found)
                self._keep(text)
                engine.bus.write()
            # A bot whose creation is forgotten would get another incarnation.
            engine.journal.make_durable()
        except JournalError as error:
            engine.emergency.journal_lost(error)
            return Outcome(Result.REFUSED, f"saved, but not followed: {engine.emergency.progress}")
        except Exception as error:  # memory and journal have parted in the middle of it
            engine.emergency.engine_broken(error)
            return Outcome(Result.REFUSED, f"saved, but not followed: {engine.emergency.progress}")
        self.source.followed(draft)
        engine.process()
        engine.revisions.changed()
        return None

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


def _at_next_start(key: str) -> str:
    if key == "engine.name":
        return (
            "engine.name changes at the next start, and with it the journal: the bots begin anew, "
            "and what rests at the venues then belongs to none of them"
        )
    return f"{key} changes at the next start"


def _later(why: str) -> Outcome:
    return Outcome(Result.ACCEPTED, f"saved, and counts from the next start only: {why}")


def _summary(change: ConfigChange) -> str:
    """What was done, in one line."""
    kinds = Counter(one.kind for one in change.bots)
    kinds.pop(BotChangeKind.UNCHANGED, None)
    if not kinds and not change.engine:
        return "saved; nothing else changes"
    told = [f"{count} {_BOTS[count == 1]} {kind.value}" for kind, count in kinds.items()]
    return f"saved: {', '.join((*told, *change.engine))}"
