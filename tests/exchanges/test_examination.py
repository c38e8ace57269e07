"""A look at an exchange: every line has a verdict, and whatever isn't well a remedy."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from nimbus_tui.core.account import AccountInfo, Balance
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.exchanges import examination
from nimbus_tui.exchanges.base import Area, ConnectionStatus, Finding, Link, Verdict
from nimbus_tui.exchanges.examination import examine
from nimbus_tui.exchanges.paper.adapter import PaperExchange
from tests.exchanges.paper.venues import PERPETUAL, paper, request, tick


class Told(PaperExchange):
    """A paper exchange that says of itself what a test wants."""

    status: ConnectionStatus | None = None
    info: AccountInfo | None = None
    fault: Exception | None = None
    """What every question about the account raises."""
    no_line: Exception | None = None

    async def connect(self) -> None:
        if self.no_line is not None:
            raise self.no_line
        await super().connect()

    def connection_status(self) -> ConnectionStatus:
        return self.status or super().connection_status()

    async def account_info(self) -> AccountInfo:
        if self.fault is not None:
            raise self.fault
        return self.info or await super().account_info()

    async def balances(self) -> Sequence[Balance]:
        if self.fault is not None:
            raise self.fault
        return await super().balances()


def told(**says: Any) -> Told:
    venue = paper()
    venue.__class__ = Told
    assert isinstance(venue, Told)
    for name, value in says.items():
        setattr(venue, name, value)
    return venue


async def looked_at(venue: PaperExchange, *, has_account: bool = True) -> dict[Area, Finding]:
    found = await examine(
        venue, has_account=has_account, is_ours=lambda account, order: order.startswith("nb")
    )
    assert [one for one in found if one.verdict is not Verdict.OK and not one.remedy] == []
    assert not venue.is_connected()
    return {one.area: one for one in found}


async def test_a_sound_account_is_told_line_by_line() -> None:
    venue = told()
    venue.deliver(tick("2400"))
    await venue.place_order(request("nb1"))
    await venue.place_order(request("mine", price="2380"))
    found = await looked_at(venue)
    assert {area.value: one.text for area, one in found.items()} == {
        "connection": "connected",
        "network": "paper: no real money moves here",
        "instruments": "1 instrument listed",
        "account": "paper:sim, equity 10000 USDC",
        "permissions": "it may trade, and the key can't withdraw",
        "balances": "10000 USDC (10000 free)",
        "positions": "none",
        "orders": "2 open orders, 1 of them ours",
        "budgets": "0% of the request budget is used",
        "fees": "maker 0.02 %, taker 0.05 %",
    }
    assert {one.verdict for one in found.values()} == {Verdict.OK}
    assert list(found) == [area for area in Area if area in found]


async def test_without_an_account_only_public_things_are_asked() -> None:
    found = await looked_at(told(fault=ExchangeError("asked")), has_account=False)
    assert found[Area.ACCOUNT].text == "no account is set: public prices only"
    assert Area.BALANCES not in found


@pytest.mark.parametrize("reason", ["nobody answers", ""])
async def test_a_venue_that_cannot_be_reached_is_one_problem(reason: str) -> None:
    error = ExchangeError(reason) if reason else TimeoutError()
    found = await looked_at(told(no_line=error))
    assert list(found) == [Area.CONNECTION]
    assert found[Area.CONNECTION].verdict is Verdict.PROBLEM
    assert found[Area.CONNECTION].text == (reason or "no answer within 20 s")


async def test_a_question_that_fails_is_a_finding_and_the_others_are_still_asked() -> None:
    found = await looked_at(told(fault=ExchangeError("422: what?")))
    assert (found[Area.BALANCES].verdict, found[Area.BALANCES].text) == (
        Verdict.PROBLEM,
        "422: what?",
    )
    assert found[Area.POSITIONS].verdict is Verdict.OK


async def test_a_question_that_is_never_answered_does_not_hold_the_others_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Silent(Told):
        async def instruments(self) -> Sequence[Instrument]:
            await asyncio.Event().wait()
            raise AssertionError

    monkeypatch.setattr(examination, "PATIENCE_S", 0.01)
    venue = told()
    venue.__class__ = Silent
    found = await looked_at(venue)
    assert found[Area.INSTRUMENTS].text == "no answer within 0 s"
    assert found[Area.FEES].verdict is Verdict.OK


@pytest.mark.parametrize(
    ("offset", "verdict", "text"),
    [
        (499.0, Verdict.OK, "ours is 499 ms behind the venue's"),
        (-500.0, Verdict.WARNING, "ours is 500 ms ahead of the venue's"),
        (5_000.0, Verdict.PROBLEM, "ours is 5000 ms behind the venue's"),
    ],
)
async def test_a_clock_that_is_off_is_told_by_how_much(
    offset: float, verdict: Verdict, text: str
) -> None:
    status = ConnectionStatus(link=Link.CONNECTED, clock_offset_ms=offset)
    found = await looked_at_told(status)
    assert (found[Area.CLOCK].verdict, found[Area.CLOCK].text) == (verdict, text)


async def looked_at_told(status: ConnectionStatus) -> dict[Area, Finding]:
    found = await examine(told(status=status), has_account=True, is_ours=lambda *_: False)
    return {one.area: one for one in found}


async def test_round_trip_and_budget_are_those_after_the_questions() -> None:
    found = await looked_at_told(ConnectionStatus(link=Link.CONNECTED, ping_ms=42.4, rate_used=0.8))
    assert found[Area.CONNECTION].text == "connected, round trip 42 ms"
    assert found[Area.BUDGETS].verdict is Verdict.WARNING
    assert Area.CLOCK not in found


@pytest.mark.parametrize(
    ("rights", "verdict"),
    [({"can_trade": False}, Verdict.PROBLEM), ({"can_withdraw": True}, Verdict.WARNING)],
)
async def test_what_a_key_may_do_is_judged(rights: dict[str, bool], verdict: Verdict) -> None:
    info = AccountInfo(account="0x1", currency="USDC", equity=Decimal(1), **rights)
    found = await looked_at(told(info=info))
    assert found[Area.PERMISSIONS].verdict is verdict


async def test_of_many_balances_the_first_are_named() -> None:
    venue = paper(PERPETUAL, balances={f"A{i}": "1" for i in range(7)})
    found = await looked_at(venue)
    assert found[Area.BALANCES].text.endswith("1 A4 (1 free) and 2 more")


async def test_an_empty_account_is_a_warning() -> None:
    found = await looked_at(paper(PERPETUAL, balances={"USDC": "0"}))
    assert found[Area.BALANCES].verdict is Verdict.WARNING
