"""Every door through which the words of an error leave takes out what is secret."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from nimbus_tui.cli.event_log import FILE_NAME, event_log
from nimbus_tui.config.problems import Findings
from nimbus_tui.control.socket_client import UnixSocketClient
from nimbus_tui.control.socket_server import UnixSocketServer
from nimbus_tui.core import redaction
from nimbus_tui.core.errors import EngineUnreachable, ExchangeError, JournalError
from nimbus_tui.core.events import Disconnected, Error, Info
from nimbus_tui.core.redaction import redact_with
from nimbus_tui.core.secret import HIDDEN
from nimbus_tui.engine.local_client import LocalClient
from nimbus_tui.engine.order_manager import describe
from nimbus_tui.risk.limits import RiskLimits
from nimbus_tui.risk.reading import read
from nimbus_tui.risk.rule import Measure, Rule, Scope
from nimbus_tui.risk.thresholds import Thresholds
from nimbus_tui.strategies.answers import in_words
from nimbus_tui.vault.redaction import Redactor
from tests.exchanges.paper.venues import ScriptedSource, paper
from tests.risk.inputs import bot
from tests.simulation.worlds import World

KEY = "correct-horse-battery"
ERROR = ExchangeError(f"can't sign with {KEY}")
TOLD = f"can't sign with {HIDDEN}"


@pytest.fixture(autouse=True)
def one_secret(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(redaction, "_redact", None)  # what is set now is put back afterwards
    redact_with(Redactor(lambda: frozenset({KEY})))
    yield
    monkeypatch.undo()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = await World().start("2400")
    yield made
    await made.engine.stop()


def test_an_error_in_words() -> None:
    assert in_words(ERROR) == f"ExchangeError: {TOLD}"
    assert describe(ERROR) == TOLD


def test_what_is_wrong_with_a_config() -> None:
    findings = Findings("bots.toml", "secret = 1")
    findings.say(("secret",), f"{KEY} is no name")
    assert [problem.message for problem in findings.problems()] == [f"{HIDDEN} is no name"]


def test_a_risk_rule_that_raises() -> None:
    def failing(inputs: Any, limits: Any) -> Measure:
        raise ERROR

    rule = Rule(
        name="odd",
        level=1,
        scope=Scope.BOT,
        unit="%",
        thresholds=Thresholds(pause=Decimal(100)),
        measure=failing,
    )
    verdict = read(rule, bot(), RiskLimits())
    assert HIDDEN in str(verdict)
    assert KEY not in str(verdict)


async def test_events_on_the_bus_in_memory_and_journal(world: World) -> None:
    engine = world.engine
    engine.tell(Error(message=KEY, detail=f"Traceback … {KEY}"))
    engine.process()
    assert engine.bus.recent[-1].message == HIDDEN  # type: ignore[attr-defined]
    kept = [event for event in engine.journal.events(limit=100) if isinstance(event, Error)]
    assert [(event.message, event.detail) for event in kept] == [(HIDDEN, f"Traceback … {HIDDEN}")]


async def test_why_a_price_source_has_ended() -> None:
    exchange = paper(source=ScriptedSource([], ERROR))
    ended = asyncio.Event()
    exchange.subscribe_link(lambda is_up, why: ended.set())
    await exchange.connect()
    await asyncio.wait_for(ended.wait(), 10)
    assert exchange.connection_status().detail == TOLD


async def test_why_the_engine_has_failed(world: World) -> None:
    world.engine.emergency.engine_broken(ERROR)
    assert world.engine.emergency.reason == f"the engine failed: ExchangeError: {TOLD}"
    assert KEY not in str(world.engine.bus.recent)


async def test_why_the_journal_is_lost(world: World) -> None:
    world.engine.emergency.journal_lost(JournalError(str(ERROR)))
    assert world.engine.emergency.reason == f"the journal failed: {TOLD}"
    assert KEY not in str(world.engine.bus.recent)


@pytest.mark.parametrize("error", [ERROR, RuntimeError(str(ERROR))])
async def test_an_answer_on_the_socket(world: World, tmp_path: Path, error: Exception) -> None:
    class Failing(LocalClient):
        async def risk(self) -> Any:
            raise error

    server = UnixSocketServer(Failing(world.engine), str(tmp_path / "e.sock"))
    await server.start()
    client = await UnixSocketClient.connect(str(tmp_path / "e.sock"))
    try:
        with pytest.raises(EngineUnreachable) as caught:
            await client.risk()
        assert TOLD in str(caught.value)
    finally:
        await client.close()
        await server.close()


def test_the_event_log_even_of_events_that_no_bus_has_seen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with event_log(tmp_path, console=True) as log:
        log.put(Info(message=f"signs with {KEY}"))
        log.put(Disconnected(exchange="hl", reason=f"lost {KEY}"))
    written = (tmp_path / FILE_NAME).read_text() + capsys.readouterr().err
    assert written.count(HIDDEN) == 4
    assert KEY not in written
