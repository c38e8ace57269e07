"""What each ask of another process is answered with: one entry an ask, and no other way in."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from nimbus_tui.control import asks
from nimbus_tui.control.client import EngineClient
from nimbus_tui.control.preview_wire import WireConfigPreview, to_wire
from nimbus_tui.core.errors import NimbusError

A = TypeVar("A")

MAX_ROWS = 5_000
"""Rows of one reply."""

ANSWERS: dict[type[Any], Callable[[EngineClient, Any], Awaitable[Any]]] = {}
"""How each kind of ask is put to an engine's client."""


async def answer(client: EngineClient, ask: asks.Ask) -> Any:
    """Ask an engine's client what another process wants to know or to have done.

    Raises:
        NimbusError: the other process speaks another protocol, or what the client raises.
    """
    return await ANSWERS[type(ask)](client, ask)


def _to(ask: type[A], how: Callable[[EngineClient, A], Awaitable[Any]]) -> None:
    ANSWERS[ask] = how


async def _greeted(_: EngineClient, hello: asks.Hello) -> int:
    if hello.protocol != asks.PROTOCOL:
        raise NimbusError(
            f"the engine speaks protocol {asks.PROTOCOL}, this client {hello.protocol}: "
            "use the same version of nimbus-tui"
        )
    return asks.PROTOCOL


async def _previewed(client: EngineClient, ask: asks.AskPreview) -> WireConfigPreview:
    return to_wire(await client.preview(ask.text))


def _bounded(limit: int) -> int:
    """Reading keeps the engine waiting: who wants more reads the journal on its own."""
    return min(max(limit, 0), MAX_ROWS)


_to(asks.Hello, _greeted)
_to(asks.AskAbout, lambda client, _: client.about())
_to(asks.AskSnapshot, lambda client, _: client.snapshot())
_to(
    asks.AskUpdates,
    lambda client, ask: client.updates(ask.after, focus=ask.focus, timeout_s=ask.timeout_s),
)
_to(asks.AskExecute, lambda client, ask: client.execute(ask.command))
_to(asks.AskConsequence, lambda client, ask: client.consequence(ask.command))
_to(asks.AskRisk, lambda client, _: client.risk())
_to(
    asks.AskOrders,
    lambda client, ask: client.orders(
        bot_id=ask.bot_id, live_only=ask.live_only, limit=_bounded(ask.limit)
    ),
)
_to(
    asks.AskFills,
    lambda client, ask: client.fills(bot_id=ask.bot_id, limit=_bounded(ask.limit)),
)
_to(
    asks.AskEquity,
    lambda client, ask: client.equity(ask.bot_id, since_ns=ask.since_ns, limit=_bounded(ask.limit)),
)
_to(
    asks.AskEvents,
    lambda client, ask: client.events(
        after=ask.after,
        limit=_bounded(ask.limit),
        bot_id=ask.bot_id,
        types=ask.types,
        newest=ask.newest,
    ),
)
_to(
    asks.AskHistory,
    lambda client, ask: client.history(
        seq=ask.seq, ts=ask.ts, focus=ask.focus, around=_bounded(ask.around)
    ),
)
_to(asks.AskMoments, lambda client, ask: client.moments(ask.seq))
_to(asks.AskPage, lambda client, ask: client.page(ask.wanted))
_to(asks.AskMarks, lambda client, ask: client.marks(ask.since_ns, ask.until_ns, ask.parts))
_to(asks.AskBacktestSetup, lambda client, ask: client.backtest_setup(ask.config))
_to(asks.AskBacktestPaths, lambda client, ask: client.backtest_paths(ask.begun))
_to(asks.AskRunBacktest, lambda client, ask: client.run_backtest(ask.request))
_to(asks.AskBacktests, lambda client, _: client.backtests())
_to(asks.AskCancelBacktest, lambda client, ask: client.cancel_backtest(ask.number))
_to(asks.AskBacktestResult, lambda client, ask: client.backtest_result(ask.number))
_to(asks.AskPreview, _previewed)
_to(asks.AskReadConfig, lambda client, _: client.read_config())
_to(asks.AskPlanConfig, lambda client, ask: client.plan_config(ask.text, ask.expected_hash))
_to(asks.AskSaveConfig, lambda client, ask: client.save_config(ask.text, ask.expected_hash))
_to(asks.AskConfigForm, lambda client, _: client.config_form())
_to(asks.AskInstruments, lambda client, ask: client.instruments(ask.exchange))
_to(
    asks.AskSetSecret,
    lambda client, ask: client.set_secret(ask.name, ask.text, ask.passphrase),
)
