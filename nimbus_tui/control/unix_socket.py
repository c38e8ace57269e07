"""The engine's client over a Unix socket: one JSON line a request, one a reply.

Requests on one connection may overlap; each carries a number that its reply repeats.
"""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from nimbus_tui.control.asks import (
    PROTOCOL,
    Ask,
    AskConfigForm,
    AskConsequence,
    AskEquity,
    AskEvents,
    AskExecute,
    AskFills,
    AskHistory,
    AskInstruments,
    AskMoments,
    AskOrders,
    AskPlanConfig,
    AskPreview,
    AskReadConfig,
    AskRisk,
    AskSaveConfig,
    AskSetSecret,
    AskSnapshot,
    AskUpdates,
    Hello,
    Reply,
    Request,
)
from nimbus_tui.control.client import EngineClient
from nimbus_tui.control.commands import Command, Outcome
from nimbus_tui.control.config_change import ConfigChange, ConfigText, InstrumentList
from nimbus_tui.control.config_form import ConfigForm
from nimbus_tui.control.past import Moments, PastMoment
from nimbus_tui.control.preview_wire import WireConfigPreview, from_wire, to_wire
from nimbus_tui.control.risk import RiskSnapshot
from nimbus_tui.control.snapshots import BotSnapshot, EngineSnapshot, Update
from nimbus_tui.core.account import EquityPoint
from nimbus_tui.core.errors import EngineUnreachable, NimbusError
from nimbus_tui.core.events import AnyEvent, Event
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import BotId, ExchangeName
from nimbus_tui.core.order import Order
from nimbus_tui.core.preview import ConfigPreview
from nimbus_tui.core.redaction import redacted

MAX_LINE = 16 * 1024 * 1024
MAX_ROWS = 5_000
"""Rows of one reply."""
MAX_UNDER_WAY = 32
"""Requests that one connection may have under way."""
HELLO_WITHIN_S = 5.0
"""How long an engine may take to answer a new client."""
MAX_PATH = 107
"""The longest path that the system takes for a Unix socket."""


class UnixSocketServer:
    """Serves any engine client on a socket that only its owner can open."""

    def __init__(self, client: EngineClient, path: str) -> None:
        self._client = client
        self._path = path
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        """Listen.

        Raises:
            NimbusError: the path is too long, or an engine answers there already.
        """
        if len(os.fsencode(self._path)) > MAX_PATH:
            raise NimbusError(f"the socket path {self._path} is longer than {MAX_PATH} bytes")
        try:
            Path(self._path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            folder = Path(self._path).parent
            raise NimbusError(f"the socket's folder {folder}: {error.strerror}") from error
        await self._clear_stale()
        mask = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, self._path, limit=MAX_LINE)
        finally:
            os.umask(mask)

    async def _clear_stale(self) -> None:
        path = Path(self._path)
        if not path.exists():
            return
        try:
            _, writer = await asyncio.open_unix_connection(self._path)
        except OSError:
            path.unlink(missing_ok=True)
            return
        writer.close()
        raise NimbusError(f"an engine answers on {self._path} already")

    async def close(self) -> None:
        """Stop listening and drop the connections. Harmless the second time."""
        if self._server is not None:
            self._server.close()
            self._server = None
            Path(self._path).unlink(missing_ok=True)
        for writer in list(self._connections):
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        slots = asyncio.Semaphore(MAX_UNDER_WAY)
        tasks: set[asyncio.Task[None]] = set()
        try:
            while line := await reader.readline():
                await slots.acquire()
                task = asyncio.create_task(self._answer(line, writer))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                task.add_done_callback(lambda _: slots.release())
        except (ValueError, OSError):
            writer.close()
        finally:
            for task in tasks:
                task.cancel()
            self._connections.discard(writer)
            writer.close()

    async def _answer(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        try:
            request = msgspec.json.decode(line, type=Request)
        except msgspec.MsgspecError as error:
            reply = Reply(0, error=f"that is no request: {error}")
        else:
            reply = await self._reply(request)
        try:
            writer.write(msgspec.json.encode(reply) + b"\n")
            await writer.drain()
        except (ConnectionError, RuntimeError):
            writer.close()

    async def _reply(self, request: Request) -> Reply:
        try:
            body = msgspec.json.encode(await self._ask(request.ask))
        except NimbusError as error:
            return Reply(request.id, error=redacted(str(error)))
        except Exception as error:  # the client must hear of it, or it waits for ever
            told = redacted(f"the engine failed: {type(error).__name__}: {error}")
            return Reply(request.id, error=told)
        return Reply(request.id, msgspec.Raw(body))

    async def _ask(self, ask: Ask) -> Any:
        match ask:
            case Hello(protocol):
                if protocol != PROTOCOL:
                    raise NimbusError(
                        f"the engine speaks protocol {PROTOCOL}, this client {protocol}: "
                        "use the same version of nimbus-tui"
                    )
                return PROTOCOL
            case AskSnapshot():
                return await self._client.snapshot()
            case AskUpdates(after, focus, timeout_s):
                return await self._client.updates(after, focus=focus, timeout_s=timeout_s)
            case AskExecute(command):
                return await self._client.execute(command)
            case AskConsequence(command):
                return await self._client.consequence(command)
            case AskRisk():
                return await self._client.risk()
            case AskOrders(bot_id, live_only, limit):
                return await self._client.orders(
                    bot_id=bot_id, live_only=live_only, limit=_bounded(limit)
                )
            case AskFills(bot_id, limit):
                return await self._client.fills(bot_id=bot_id, limit=_bounded(limit))
            case AskEquity(bot_id, since_ns, limit):
                return await self._client.equity(bot_id, since_ns=since_ns, limit=_bounded(limit))
            case AskEvents(after, limit, bot_id, types, newest):
                return await self._client.events(
                    after=after, limit=_bounded(limit), bot_id=bot_id, types=types, newest=newest
                )
            case AskHistory(seq, ts, focus, around):
                return await self._client.history(
                    seq=seq, ts=ts, focus=focus, around=_bounded(around)
                )
            case AskMoments(seq):
                return await self._client.moments(seq)
            case AskPreview(text):
                return to_wire(await self._client.preview(text))
            case AskReadConfig():
                return await self._client.read_config()
            case AskPlanConfig(text, expected_hash):
                return await self._client.plan_config(text, expected_hash)
            case AskSaveConfig(text, expected_hash):
                return await self._client.save_config(text, expected_hash)
            case AskConfigForm():
                return await self._client.config_form()
            case AskInstruments(exchange):
                return await self._client.instruments(exchange)
            case AskSetSecret(name, text, passphrase):
                return await self._client.set_secret(name, text, passphrase)


def _bounded(limit: int) -> int:
    """Reading keeps the engine waiting: who wants more reads the journal on its own."""
    return min(max(limit, 0), MAX_ROWS)


class UnixSocketClient:
    """`EngineClient` over the socket of an engine in another process."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._number = 0
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._listener = asyncio.create_task(self._listen(reader))

    @classmethod
    async def connect(cls, path: str) -> "UnixSocketClient":
        """Connect to an engine.

        Raises:
            EngineUnreachable: nobody answers there, or with another protocol.
        """
        try:
            reader, writer = await asyncio.open_unix_connection(path, limit=MAX_LINE)
        except OSError as error:
            raise EngineUnreachable(f"no engine answers on {path}") from error
        client = cls(reader, writer)
        try:
            async with asyncio.timeout(HELLO_WITHIN_S):
                await client._call(Hello(PROTOCOL), int)
        except TimeoutError:
            await client.close()
            raise EngineUnreachable(f"the engine on {path} does not answer") from None
        except EngineUnreachable:
            await client.close()
            raise
        return client

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while line := await reader.readline():
                reply = msgspec.json.decode(line, type=Reply)
                waiting = self._waiting.pop(reply.id, None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(reply)
        except (OSError, ValueError):
            self._writer.close()
        finally:
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(EngineUnreachable("the engine has gone away"))
            self._waiting.clear()

    async def _call(self, ask: Ask, kind: Any) -> Any:
        if self._listener.done():
            raise EngineUnreachable("the engine has gone away")
        self._number += 1
        number = self._number
        waiting: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[number] = waiting
        try:
            self._writer.write(msgspec.json.encode(Request(number, ask)) + b"\n")
            await self._writer.drain()
        except OSError as error:
            raise EngineUnreachable("the engine has gone away") from error
        reply = await waiting
        if reply.error is not None:
            raise EngineUnreachable(reply.error)
        return msgspec.json.decode(reply.body, type=kind)

    async def snapshot(self) -> tuple[EngineSnapshot, tuple[BotSnapshot, ...]]:
        """The engine and all its bots now."""
        kind = tuple[EngineSnapshot, tuple[BotSnapshot, ...]]
        answer: tuple[EngineSnapshot, tuple[BotSnapshot, ...]] = await self._call(
            AskSnapshot(), kind
        )
        return answer

    async def updates(
        self, after: int, *, focus: BotId | None = None, timeout_s: float = 30.0
    ) -> Update:
        """What changed since a revision; waits for a change."""
        answer: Update = await self._call(AskUpdates(after, focus, timeout_s), Update)
        return answer

    async def execute(self, command: Command) -> Outcome:
        """Carry out a command."""
        answer: Outcome = await self._call(AskExecute(command), Outcome)
        return answer

    async def consequence(self, command: Command) -> Outcome:
        """What a command would do now; nothing is done."""
        answer: Outcome = await self._call(AskConsequence(command), Outcome)
        return answer

    async def risk(self) -> RiskSnapshot:
        """The risk layer now."""
        answer: RiskSnapshot = await self._call(AskRisk(), RiskSnapshot)
        return answer

    async def orders(
        self, *, bot_id: BotId | None = None, live_only: bool = True, limit: int = 1000
    ) -> Sequence[Order]:
        """Orders; newest first when history is asked for."""
        answer: list[Order] = await self._call(AskOrders(bot_id, live_only, limit), list[Order])
        return answer

    async def fills(self, *, bot_id: BotId | None = None, limit: int = 1000) -> Sequence[Fill]:
        """The newest fills, oldest first."""
        answer: list[Fill] = await self._call(AskFills(bot_id, limit), list[Fill])
        return answer

    async def equity(
        self, bot_id: BotId, *, since_ns: int = 0, limit: int = 1000
    ) -> Sequence[EquityPoint]:
        """The newest points of a bot's equity curve from a moment on, oldest first."""
        ask = AskEquity(bot_id, since_ns, limit)
        answer: list[EquityPoint] = await self._call(ask, list[EquityPoint])
        return answer

    async def events(
        self,
        *,
        after: int = 0,
        limit: int = 1000,
        bot_id: BotId | None = None,
        types: Sequence[str] = (),
        newest: bool = False,
    ) -> Sequence[Event]:
        """Journalled events."""
        ask = AskEvents(after, limit, bot_id, tuple(types), newest)
        answer: list[Event] = await self._call(ask, list[AnyEvent])
        return answer

    async def history(
        self,
        *,
        seq: int | None = None,
        ts: int | None = None,
        focus: BotId | None = None,
        around: int = 50,
    ) -> PastMoment:
        """The engine as it was after an event or at a time."""
        answer: PastMoment = await self._call(AskHistory(seq, ts, focus, around), PastMoment)
        return answer

    async def moments(self, seq: int) -> Moments:
        """Where one may jump from an event."""
        answer: Moments = await self._call(AskMoments(seq), Moments)
        return answer

    async def preview(self, text: str) -> ConfigPreview:
        """What the bots of a config text would do at the engine's newest prices."""
        answer: WireConfigPreview = await self._call(AskPreview(text), WireConfigPreview)
        return from_wire(answer)

    async def read_config(self) -> ConfigText:
        """The config file as it is on the disk now."""
        answer: ConfigText = await self._call(AskReadConfig(), ConfigText)
        return answer

    async def plan_config(self, text: str, expected_hash: str) -> ConfigChange:
        """What `save_config` would do now, bot by bot; nothing of it is done."""
        answer: ConfigChange = await self._call(AskPlanConfig(text, expected_hash), ConfigChange)
        return answer

    async def save_config(self, text: str, expected_hash: str) -> Outcome:
        """Save a config text, and let the running engine follow it."""
        answer: Outcome = await self._call(AskSaveConfig(text, expected_hash), Outcome)
        return answer

    async def config_form(self) -> ConfigForm:
        """Every key that a config can have, for a form."""
        answer: ConfigForm = await self._call(AskConfigForm(), ConfigForm)
        return answer

    async def instruments(self, exchange: ExchangeName) -> InstrumentList:
        """What an exchange of the config offers, by symbol."""
        answer: InstrumentList = await self._call(AskInstruments(exchange), InstrumentList)
        return answer

    async def set_secret(self, name: str, text: str, passphrase: str) -> Outcome:
        """Put a secret into the vault that the passphrase opens, or make that vault."""
        answer: Outcome = await self._call(AskSetSecret(name, text, passphrase), Outcome)
        return answer

    async def close(self) -> None:
        """Let go of the engine; it goes on without us."""
        self._listener.cancel()
        self._writer.close()
