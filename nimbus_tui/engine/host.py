"""Gives an engine a thread and an event loop of its own, so that nothing outside can delay it."""

import asyncio
import threading
from collections.abc import Callable

from nimbus_tui.control.socket_server import UnixSocketServer
from nimbus_tui.core.errors import EngineUnreachable, NimbusError
from nimbus_tui.core.events import Info
from nimbus_tui.core.redaction import redacted
from nimbus_tui.engine.bus import Listener
from nimbus_tui.engine.engine import Engine
from nimbus_tui.engine.local_client import LocalClient
from nimbus_tui.engine.thread_client import ThreadClient

START_TIMEOUT_S = 30.0
IN_ORDER = "it was told to end, and has ended in order"


class EngineThread:
    """Hosts one engine: started, run, and stopped in order in its own thread.

    `build` runs in the new thread, so that the journal's connection belongs to it; so does
    `on_event`, which must return at once.
    """

    def __init__(
        self,
        build: Callable[[], Engine],
        socket_path: str | None = None,
        on_event: Listener | None = None,
    ) -> None:
        self._build = build
        self._on_event = on_event
        self._socket_path = socket_path
        self._loop: asyncio.AbstractEventLoop | None = None
        self._engine: Engine | None = None
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self.beats = 0
        """How often the engine's loop has answered `ask_for_a_beat`."""
        self._thread = threading.Thread(target=self._main, name="engine", daemon=True)

    def start(self) -> ThreadClient:
        """Start the engine; returns when it trades, raises what kept it from it."""
        self.begin()
        return self.client()

    def begin(self) -> None:
        """Start the engine without waiting for it."""
        self._thread.start()

    def client(self) -> ThreadClient:
        """Wait until the engine trades; raises what kept it from it."""
        if not self._started.wait(START_TIMEOUT_S):
            raise EngineUnreachable("the engine did not start in time")
        if self._failure is not None:
            raise self._failure
        if self._engine is None or self._loop is None:
            raise EngineUnreachable("the engine ended while it was starting")
        return ThreadClient(LocalClient(self._engine), self._loop, lambda: self.ending)

    @property
    def is_alive(self) -> bool:
        """Whether the engine's thread runs."""
        return self._thread.is_alive()

    def request_stop(self, *, cancel_orders: bool | None = None) -> None:
        """Ask the engine to shut down in order; safe from any thread and from signal handlers."""
        self._across(lambda engine: engine.request_shutdown(cancel_orders=cancel_orders))

    def ask_for_a_beat(self) -> None:
        """Have `beats` counted up by the engine's loop: one that hangs doesn't."""
        self._across(lambda _: self._beat())

    def _beat(self) -> None:
        self.beats += 1

    def note(self, message: str) -> None:
        """Put a line into the journal and on every screen; safe from any thread."""
        self._across(lambda engine: _noted(engine, message))

    def _across(self, call: Callable[[Engine], None]) -> None:
        engine, loop = self._engine, self._loop
        if engine is not None and loop is not None and loop.is_running():
            loop.call_soon_threadsafe(call, engine)

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait for the engine's end; returns whether it has ended."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def shutdown_timeout_s(self) -> float:
        """How long the engine may take to end in order."""
        return self._engine.settings.shutdown_timeout_s if self._engine is not None else 0.0

    @property
    def emergency(self) -> str:
        """Why an emergency is latched; empty while none is."""
        return self._engine.emergency.reason if self._engine is not None else ""

    @property
    def failure(self) -> BaseException | None:
        """What ended the engine, if it did not end in order."""
        return self._failure

    @property
    def ending(self) -> str:
        """Why the engine is no more, in words."""
        if self._failure is None:
            return IN_ORDER
        return _told(self._failure)

    def _main(self) -> None:
        try:
            asyncio.run(self._live())
        except BaseException as error:  # the thread's edge: whoever joins is told
            self._failure = error
        finally:
            self._started.set()

    async def _live(self) -> None:
        self._loop = asyncio.get_running_loop()
        engine = self._build()
        if self._on_event is not None:
            engine.bus.subscribe(self._on_event)
        await host(engine, self._socket_path, on_started=lambda: self._is_up(engine))

    def _is_up(self, engine: Engine) -> None:
        self._engine = engine
        self._started.set()


async def host(
    engine: Engine, socket_path: str | None, on_started: Callable[[], None] | None = None
) -> None:
    """Start an engine and its socket, run until somebody asks for the end, stop in order."""
    server, why = None, IN_ORDER
    cancel_orders: bool | None = None
    try:
        await engine.start()
        if socket_path is not None:
            server = UnixSocketServer(LocalClient(engine), socket_path)
            await server.start()
        if on_started is not None:
            on_started()
        running = asyncio.ensure_future(engine.run())
        asked = asyncio.ensure_future(engine.shutdown_requested.wait())
        done, _ = await asyncio.wait({running, asked}, return_when=asyncio.FIRST_COMPLETED)
        for task in (running, asked):
            task.cancel()
        await asyncio.gather(running, asked, return_exceptions=True)
        cancel_orders = engine.shutdown_wanted[0]
        if running in done and not running.cancelled():
            running.result()
    except Exception as error:
        why = _told(error)
        raise
    finally:
        if server is not None:
            await server.close(why)
        await engine.stop(cancel_orders=cancel_orders)


def _noted(engine: Engine, message: str) -> None:
    if engine.state == "stopped":
        return
    with engine.journal.transaction():
        engine.bus.publish(Info(message=message))
        engine.bus.write()
    engine.bus.dispatch()
    engine.revisions.changed()


def _told(error: BaseException) -> str:
    kind = "" if isinstance(error, NimbusError) else f"{type(error).__name__}: "
    return redacted(f"it has failed: {kind}{error}")
