"""A terminal that stands still, goes away and comes back: how long the engine ever waits."""

import asyncio
from time import monotonic

from nimbus_tui.control.socket_client import UnixSocketClient
from tests.cli.app_terminal import EngineHome, ShellTerminal
from tests.cli.conftest import OpenTerminal

STALL_S = 10.0
BETWEEN_S = 0.005


async def lags(path: str, seconds: float) -> list[float]:
    """How long the engine took for each of many small questions, least first."""
    client = await UnixSocketClient.connect(path)
    end, seen = monotonic() + seconds, []
    while monotonic() < end:
        asked = monotonic()
        await client.about()
        seen.append(monotonic() - asked)
        await asyncio.sleep(BETWEEN_S)
    await client.close()
    return sorted(seen)


def test_a_terminal_that_stalls_and_closes_keeps_nobody_waiting_and_can_come_back(
    engine_home: EngineHome, app: ShellTerminal, open_terminal: OpenTerminal
) -> None:
    engine = engine_home.about().pid
    app.flowing.clear()
    seen = asyncio.run(lags(str(engine_home.socket), STALL_S))
    p99 = seen[int(len(seen) * 0.99)]
    print(f"stalled: {len(seen)} answers, p99 {p99 * 1000:.1f} ms, most {seen[-1] * 1000:.1f} ms")
    assert p99 < 0.5
    assert seen[-1] < 2
    begun = monotonic()
    app.close()
    engine_home.has_left(engine)
    print(f"it had left its terminal {monotonic() - begun:.2f} s after that was closed")
    again = open_terminal()
    again.types(engine_home.command())
    again.sees("last price")
    assert engine_home.about().pid == engine
