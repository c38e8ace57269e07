"""An engine in a program of one's own: started, watched, told what to do, and stopped in order."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from nimbus_tui import bootstrap
from nimbus_tui.config.locations import socket_path
from nimbus_tui.control.client import EngineClient
from nimbus_tui.control.commands import Command, Outcome
from nimbus_tui.control.snapshots import BotSnapshot, EngineSnapshot
from nimbus_tui.core.errors import EngineUnreachable, JournalError
from nimbus_tui.core.events import Event
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import BotId
from nimbus_tui.core.order import Order
from nimbus_tui.engine.host import EngineThread
from nimbus_tui.library.configs import AnyConfig, config_of

PAGE = 1_000
"""How many events are read at once."""
STOP_TIMEOUT_S = 30.0


class HostedEngine:
    """The engine of one config, in a thread of its own: a slow program can't delay its bots.

    ```python
    async with HostedEngine("bots.toml") as engine:
        async for event in engine.subscribe("orderFilled"):
            ...
    ```

    With `scratch` it keeps journal and paper account in a temporary folder, and nothing is left
    of it; without, they are those of `nimbus-tui run`, and the command line reaches it too.
    """

    def __init__(self, config: AnyConfig, *, scratch: bool = False) -> None:
        self.config = config_of(config)
        self._scratch = scratch
        self._folders = ExitStack()
        self._thread: EngineThread | None = None
        self._client: EngineClient | None = None

    async def start(self) -> None:
        """Start the engine; returns when it trades.

        Raises:
            NimbusError: what kept it from that, e.g. `JournalLocked` if it runs elsewhere already.
        """
        if self._thread is not None:
            raise EngineUnreachable("this engine was started before; make another one")
        folder = None
        if self._scratch:
            folder = Path(self._folders.enter_context(bootstrap.scratch_folder()))
        socket = None if folder else str(socket_path(self.config.engine.name))
        thread = EngineThread(lambda: bootstrap.live_engine(self.config, scratch=folder), socket)
        self._thread = thread
        try:
            self._client = await asyncio.to_thread(thread.start)
        except BaseException:
            self._folders.close()
            raise

    async def stop(self, *, cancel_orders: bool | None = None) -> None:
        """Shut down in order: bots keep their state, positions are not touched.

        Resting orders are kept or cancelled as `on_shutdown` says, or as told. Harmless the second
        time.

        Raises:
            NimbusError: what ended the engine, if it did not end in order.
        """
        thread = self._thread
        if thread is None:
            return
        thread.request_stop(cancel_orders=cancel_orders)
        await asyncio.to_thread(thread.join, STOP_TIMEOUT_S)
        self._folders.close()
        if thread.failure is not None:
            raise thread.failure

    async def __aenter__(self) -> "HostedEngine":
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    @property
    def is_alive(self) -> bool:
        """Whether the engine runs."""
        return self._thread is not None and self._thread.is_alive

    @property
    def client(self) -> EngineClient:
        """The interface of screens and commands, for what this class doesn't offer.

        Raises:
            EngineUnreachable: the engine has not been started.
        """
        if self._client is None:
            raise EngineUnreachable("the engine has not been started")
        return self._client

    async def snapshot(self) -> EngineSnapshot:
        """The engine as a whole now."""
        return (await self.client.snapshot())[0]

    async def bots(self) -> dict[BotId, BotSnapshot]:
        """Every bot now, by name."""
        return {bot.bot_id: bot for bot in (await self.client.snapshot())[1]}

    async def orders(self, bot_id: str | None = None) -> Sequence[Order]:
        """The live orders of one bot or of all."""
        return await self.client.orders(bot_id=None if bot_id is None else BotId(bot_id))

    async def fills(self, bot_id: str | None = None, *, limit: int = PAGE) -> Sequence[Fill]:
        """The newest fills, oldest first."""
        named = None if bot_id is None else BotId(bot_id)
        return await self.client.fills(bot_id=named, limit=limit)

    async def execute(self, command: Command) -> Outcome:
        """Carry out a command, e.g. `PauseBot(BotId("eth"))`; the outcome says what came of it."""
        return await self.client.execute(command)

    async def subscribe(self, *types: str, after: int | None = None) -> AsyncIterator[Event]:
        """Events as they happen, in order and without loss; ends when the engine ends.

        `types` are names like "orderFilled", none of them all of them. `after` is the number of
        the last event that is known already (0 = from the first one); by default only what happens
        from now on counts. A program that is slow is behind, and nobody waits for it.
        """
        client = self.client
        try:
            seen = (await client.snapshot())[0].seq if after is None else after
            update = await client.updates(0)
            while True:
                while seen < update.engine.seq:
                    page = await client.events(after=seen, limit=PAGE, types=types)
                    for event in page:
                        seen = event.seq
                        yield event
                    if len(page) < PAGE:
                        seen = max(seen, update.engine.seq)
                update = await client.updates(update.revision)
        except EngineUnreachable:
            return
        except JournalError:
            if update.engine.state != "stopped":
                raise
