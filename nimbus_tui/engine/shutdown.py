"""How an engine ends: orders cancelled if that is wanted, everything let go, the journal closed."""

import asyncio
import traceback
from collections.abc import Coroutine
from typing import Any

from nimbus_tui.core.events import Error, Stopped
from nimbus_tui.engine import recovery
from nimbus_tui.engine.life_side import LifeSide
from nimbus_tui.engine.stopping import StopPolicy, StopWay

CANCEL_AGAIN_S = 0.1
"""How long a shutdown waits before it looks again for orders to cancel."""
CLEAR_S = 5.0
"""How long a shutdown tries to take back a dead-man's switch."""
LET_GO_S = 2.0
"""How long a shutdown waits for its own tasks and connections to end."""


async def shut_down(engine: LifeSide, cancel_orders: bool | None) -> None:
    """Take every step of the shutdown, in order; None: orders are cancelled as the config says."""
    if engine.state == "stopped":
        return
    failed = engine.state == "failed"
    engine.state = "stopping"
    policy = StopPolicy(cancel_on_shutdown=engine.settings.cancel_on_shutdown)
    cancel = policy.cancels(StopWay.SHUTDOWN, cancel_orders) or engine.emergency.is_under_way
    try:
        clears = not failed
        if cancel:
            clears &= await _within(
                engine,
                engine.settings.shutdown_timeout_s,
                _cancel_orders(engine),
                "not every order could be cancelled in time",
            )
        if clears:  # else what is left may well be cancelled by the venue
            await _within(
                engine,
                CLEAR_S,
                _clear_switches(engine),
                "a dead-man's switch could not be cleared in time: the venue will cancel every "
                "order of the account",
            )
        await _within(
            engine, LET_GO_S, _let_go(engine), "the shutdown took too long and was cut short"
        )
        if not failed:
            _say_goodbye(engine)
    finally:
        engine.state = "stopped"
        engine.revisions.changed()
        engine.journal.close()


async def _within(
    engine: LifeSide, seconds: float, step: Coroutine[Any, Any, None], late: str
) -> bool:
    """Take one step of the shutdown; neither its length nor its fault keeps the next away.

    Returns whether it came to its end.
    """
    try:
        async with asyncio.timeout(seconds):
            await step
    except TimeoutError:
        engine.bus.publish(Error(message=late))
    except Exception as error:
        detail = "".join(traceback.format_exception(error))
        engine.bus.publish(Error(message=f"the shutdown failed: {error!r}", detail=detail))
    else:
        return True
    return False


async def _clear_switches(engine: LifeSide) -> None:
    await asyncio.gather(*(switch.clear() for switch in engine.switches))


async def _cancel_orders(engine: LifeSide) -> None:
    """Cancel what rests, and what is still on its way as soon as it has arrived."""
    while await recovery.cancel_everything(engine.order_managers.values()) or any(
        manager.unanswered for manager in engine.order_managers.values()
    ):
        await engine.clock.sleep(CANCEL_AGAIN_S)


def _say_goodbye(engine: LifeSide) -> None:
    with engine.journal.transaction():
        engine.bus.publish(Stopped(reason="shut down"))
        engine.bus.write()
    engine.bus.dispatch()


async def _let_go(engine: LifeSide) -> None:
    for unsubscribe in (*engine.subscriptions, engine.fee_prices.stop):
        unsubscribe()
    tasks = [*engine.background.tasks, *engine.alarm.tasks]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await engine.emergency.close()
    closing = [manager.close() for manager in engine.order_managers.values()]
    closing += [one.disconnect() for one in engine.exchanges.values()]
    ended = await asyncio.gather(*closing, return_exceptions=True)
    for error in ended:
        if isinstance(error, Exception):
            engine.bus.publish(Error(message=f"a connection did not end: {error!r}"))
