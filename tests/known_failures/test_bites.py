"""The mistakes themselves, made on purpose: the test of each row notices."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from nimbus_tui.control.commands import StopBot
from nimbus_tui.core.errors import InvariantViolated
from nimbus_tui.core.events import Info
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.order import RefusalKind, Refused, Side, Unknown
from nimbus_tui.core.plan import ReviewedPlan
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.engine import bot as bots
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.clearing import Clearing
from nimbus_tui.engine.emergency import Emergency
from nimbus_tui.engine.facts import OrderNotFound
from nimbus_tui.engine.look_ups import LookUps
from nimbus_tui.engine.order_manager import OrderManager
from nimbus_tui.engine.standing import Standing
from nimbus_tui.engine.stopping import StopPolicy, StopWay
from nimbus_tui.engine.synchroniser import Synchroniser
from nimbus_tui.journal.sqlite import SqliteJournal
from nimbus_tui.orders import lifecycle
from nimbus_tui.risk import gate
from nimbus_tui.simulation.faults import FaultKind
from nimbus_tui.strategies.grid import GridStrategy
from tests.known_failures import (
    limit_mistakes,
    test_accounting,
    test_emergency,
    test_limits,
    test_messages,
    test_orders,
    test_plans,
    test_restarts,
    test_venues,
    venue_mistakes,
)
from tests.known_failures.planting import Mistake, noticed_by, planted
from tests.known_failures.stories import BOT
from tests.strategies import test_portfolio_orders

Patch = pytest.MonkeyPatch


def lost_is_failed(patch: Patch) -> None:
    honest = lifecycle.answered

    def answered(order: Any, response: Any, now: int) -> Any:
        if isinstance(response, Unknown):
            response = Refused(RefusalKind.INVALID, response.cause)
        return honest(order, response, now)

    patch.setattr(lifecycle, "answered", answered)


def a_refused_second_send_is_proof(patch: Patch) -> None:
    patch.setattr(OrderManager, "_proves_nothing", lambda *_: False)


def dust_can_be_sold(patch: Patch) -> None:
    patch.setattr(Instrument, "sellable", lambda *_: True)


def stops_are_forgotten(patch: Patch) -> None:
    patch.setattr(Standing, "exit_rules", lambda *_: ())


def fills_count_again(patch: Patch) -> None:
    record, fact = SqliteJournal.record_fill, SqliteJournal.fact
    patch.setattr(SqliteJournal, "record_fill", lambda self, fill: record(self, fill) or True)
    patch.setattr(
        SqliteJournal,
        "fact",
        lambda self, name: None if name.startswith("fills-cursor") else fact(self, name),
    )


def what_is_not_explained_is_dead(patch: Patch) -> None:
    honest = Synchroniser._compare

    async def compare(self: Synchroniser) -> None:
        await honest(self)
        for order in self._live_in_journal():
            self._engine.inbox.put(OrderNotFound(order.bot_id, order.client_order_id))

    patch.setattr(Synchroniser, "_compare", compare)


def cancelled_is_unfilled(patch: Patch) -> None:
    honest = lifecycle.reported

    def reported(order: Any, report: Any, now: int) -> Any:
        step = honest(order, report, now)
        if step.fills_missing and report.state.is_final:
            return lifecycle.Step(msgspec.structs.replace(order, state=report.state))
        return step

    patch.setattr(lifecycle, "reported", reported)


def nobody_waits_for_cancels(patch: Patch) -> None:
    patch.setattr(gate, "_leaving", lambda *_: {})


def a_part_does_not_spend_the_key(patch: Patch) -> None:
    def generation(self: OrderManager, bot_id: Any, key: Any) -> int:
        last = self._journal.last_order(bot_id, key)
        return 0 if last is None else last.generation + 1

    patch.setattr(OrderManager, "_next_generation", generation)


def equity_is_what_was_realised(patch: Patch) -> None:
    patch.setattr(Bot, "equity", lambda self: self.books.capital)


def a_stop_waits_for_pending_orders(patch: Patch) -> None:
    def review(plan: Any, situation: Any) -> ReviewedPlan:
        held_up = any(order.state.value != "open" for order in situation.live.values())
        if situation.step >= RiskStep.STOP and (held_up or situation.live):
            return ReviewedPlan()
        return gate.review(plan, situation)

    patch.setattr(bots, "review", review)


def a_bot_at_rest_is_not_assessed(patch: Patch) -> None:
    honest = Standing.assess

    def assess(self: Standing) -> None:
        if not (self.is_paused or self._bot.is_frozen):
            honest(self)

    patch.setattr(Standing, "assess", assess)


def risk_looks_last(patch: Patch) -> None:
    assess, wish = Standing.assess, Bot.wish

    def wished(self: Bot, woken: bool) -> Any:
        plan = wish(self, woken)
        assess(self.standing)
        return plan

    patch.setattr(Standing, "assess", lambda self: None)
    patch.setattr(Bot, "wish", wished)


def a_stop_waits_for_cancels(patch: Patch) -> None:
    def review(plan: Any, situation: Any) -> ReviewedPlan:
        if situation.step >= RiskStep.STOP and any(
            order.cancel_requested for order in situation.live.values()
        ):
            return ReviewedPlan(tuple(order.wish() for order in situation.live.values()))
        return gate.review(plan, situation)

    patch.setattr(bots, "review", review)


def an_end_is_not_looked_up(patch: Patch) -> None:
    async def settle(*_: Any, **__: Any) -> None:
        return

    patch.setattr(LookUps, "settle", settle)


def not_found_is_proof(patch: Patch) -> None:
    patch.setattr(LookUps, "_is_proof", lambda *_: True)


def a_failed_bot_keeps_its_coins(patch: Patch) -> None:
    honest = StopPolicy.closes
    patch.setattr(
        StopPolicy, "closes", lambda self, way: way is not StopWay.FAULTS and honest(self, way)
    )


def one_button_sells(patch: Patch) -> None:
    honest = Standing.stop

    def stop(self: Standing, way: StopWay, reason: str) -> None:
        honest(self, way, reason)
        self._bot.change_saved(flatten=True)

    patch.setattr(Standing, "stop", stop)


def a_rule_has_its_own_stop(patch: Patch) -> None:
    honest = StopPolicy.closes
    patch.setattr(StopPolicy, "closes", lambda self, way: way is StopWay.RULE or honest(self, way))


def a_reconnect_compares_nothing(patch: Patch) -> None:
    honest = Synchroniser.link_changed

    def link_changed(self: Synchroniser, is_up: bool, reason: str) -> None:
        if not is_up:
            honest(self, is_up, reason)

    patch.setattr(Synchroniser, "link_changed", link_changed)


def levels_are_found_by_price(patch: Patch) -> None:
    honest = GridStrategy.handle_order_fill

    def fill(self: GridStrategy, fill: Any) -> None:
        if fill.price % 4:
            raise KeyError(fill.price)
        honest(self, fill)

    patch.setattr(GridStrategy, "handle_order_fill", fill)


def cancelled_before_it_is_validated(patch: Patch) -> None:
    def review(plan: Any, situation: Any) -> ReviewedPlan:
        found = gate.review(plan, situation)
        rest = tuple(order for order in found.orders if order.key not in found.held_back)
        return msgspec.structs.replace(found, orders=rest)

    patch.setattr(bots, "review", review)


def everything_is_sold_first(patch: Patch) -> None:
    honest = test_portfolio_orders.intents

    def intents(asked: Any, now: Any) -> Any:
        found = honest(asked, now)
        legs = [
            msgspec.structs.replace(leg, quantity=now.quantities[leg.asset])
            if leg.side is Side.SELL
            else leg
            for leg in found.legs
        ]
        return msgspec.structs.replace(found, legs=tuple(legs))

    patch.setattr(test_portfolio_orders, "intents", intents)


def refusals_never_pause(patch: Patch) -> None:
    patch.setattr(Standing, "risk_pause", lambda *_: None)


def the_last_step_may_raise(patch: Patch) -> None:
    def broken(_: Emergency, error: Exception) -> None:
        raise error

    patch.setattr(Emergency, "engine_broken", broken)


def a_fault_ends_the_sweeps(patch: Patch) -> None:
    async def swept(self: Clearing, manager: OrderManager) -> list[str]:
        return await self._sweep(manager)

    async def until_verified(self: Emergency) -> None:
        while not self.verified:
            self.left = await self._clearing.sweep()
            self.verified = not self.left
            await self._clearing.pause(1.0)

    patch.setattr(Clearing, "_swept", swept)
    patch.setattr(Emergency, "_until_verified", until_verified)


def every_try_is_logged(patch: Patch) -> None:
    honest = Emergency._show

    def show(self: Emergency) -> None:
        honest(self)
        self._engine.tell(Info(message=self.progress))

    patch.setattr(Emergency, "_show", show)


def the_latch_is_written_with_the_rest(patch: Patch) -> None:
    latch, announce = Emergency._save_latch, Emergency._announce

    def announced(self: Emergency) -> None:
        announce(self)
        latch(self)

    patch.setattr(Emergency, "_save_latch", lambda self: None)
    patch.setattr(Emergency, "_announce", announced)


def profit_is_read_off_the_balance(patch: Patch) -> None:
    patch.setattr(Bot, "equity", lambda self: self.unowned().get("USDC", 0))


ORDERS, RESTARTS, MESSAGES = test_orders, test_restarts, test_messages
STOPS, BOOKS, PLANS, LIMITS = test_emergency, test_accounting, test_plans, test_limits
VENUES = test_venues
EXITS = {"prices": ("2200", "2200", "2200"), "limits": STOPS.STOP}
MISTAKES: list[Mistake] = [
    (lost_is_failed, ORDERS, "test_f01_an_order_whose_answer_was_lost_fills_45_s_later", {}),
    (lost_is_failed, ORDERS, "test_f01_an_order_that_reaches_the_venue", {}),
    (lost_is_failed, ORDERS, "test_f02_", {"kind": FaultKind.ANSWER_LOST}),
    (dust_can_be_sold, BOOKS, "test_f03_", {"make": BOOKS.grid, "way": "stopped"}),
    (stops_are_forgotten, RESTARTS, "test_f04_after_a_kill", {}),
    (fills_count_again, RESTARTS, "test_f05_", {}),
    (what_is_not_explained_is_dead, RESTARTS, "test_f06_", {}),
    (fills_count_again, RESTARTS, "test_f07_", {}),
    (cancelled_is_unfilled, ORDERS, "test_f08_", {"known_by": "answer", "size": "0.03"}),
    (nobody_waits_for_cancels, ORDERS, "test_f09_", {}),
    (a_part_does_not_spend_the_key, ORDERS, "test_f10_an_order_that_ended", {"fill_first": True}),
    (equity_is_what_was_realised, BOOKS, "test_f12_", {}),
    (a_stop_waits_for_pending_orders, STOPS, "test_f13_", {"trouble": STOPS.answers_are_lost}),
    (a_bot_at_rest_is_not_assessed, STOPS, "test_f14_the_stop_is", {"trouble": STOPS.no_funds}),
    (a_stop_waits_for_cancels, STOPS, "test_f13_", {"trouble": STOPS.cancels_are_under_way}),
    (risk_looks_last, STOPS, "test_f14_risk_looks_before", {}),
    (an_end_is_not_looked_up, MESSAGES, "test_f15_", {"size": "0.02", "bought": "0.02"}),
    (not_found_is_proof, MESSAGES, "test_f16_an_order_that_the_venue_denies", {}),
    (a_refused_second_send_is_proof, MESSAGES, "test_f16_a_refusal_proves_nothing", {}),
    (one_button_sells, STOPS, "test_f17_the_outcome_is_told",
     {"command": StopBot(BOT), "closes": False}),
    (a_rule_has_its_own_stop, STOPS, "test_f17_every_way",
     {"way": STOPS.by_a_rule, "closes": False}),
    (a_failed_bot_keeps_its_coins, STOPS, "test_f17_every_way",
     {"way": STOPS.by_its_own_faults, "closes": True}),
    (a_reconnect_compares_nothing, MESSAGES, "test_f19_", {"size": "0"}),
    (levels_are_found_by_price, RESTARTS, "test_f23_", {}),
    (cancelled_before_it_is_validated, PLANS, "test_f24_", {"unfit": "0.003"}),
    (stops_are_forgotten, RESTARTS, "test_f25_", EXITS),
    (everything_is_sold_first, test_portfolio_orders, "test_f26_", {}),
    (refusals_never_pause, PLANS, "test_f27_", {}),
    (the_last_step_may_raise, STOPS, "test_f28_a_fault_in_any_step_of_the_emergency",
     {"step": "latch in the journal", "error": STOPS.BUG}),
    (a_fault_ends_the_sweeps, STOPS, "test_f28_an_emergency_outlives", {}),
    (every_try_is_logged, STOPS, "test_f28_the_emergency_latches_once", {}),
    (the_latch_is_written_with_the_rest, STOPS, "test_f28_the_latch_is_written", {}),
    (profit_is_read_off_the_balance, BOOKS, "test_f29_deposits", {}),
    (limit_mistakes.marks_of_all_places_are_alike, LIMITS, "test_f11_", {"rule": "drawdown"}),
    (limit_mistakes.marks_of_all_places_are_alike, LIMITS, "test_f11_", {"rule": "daily_loss"}),
    (limit_mistakes.the_peak_is_that_of_the_last_look, LIMITS, "test_f12_", {}),
    (a_rule_has_its_own_stop, LIMITS, "test_f17_", {"rule": "drawdown", "closes": False}),
    (limit_mistakes.an_open_socket_is_alive, LIMITS, "test_f18_", {}),
    (limit_mistakes.each_bot_counts_its_own_requests, LIMITS, "test_f22_", {}),
    (limit_mistakes.no_share_is_kept_for_exits, LIMITS, "test_f22_", {}),
    (profit_is_read_off_the_balance, LIMITS, "test_f29_", {"amount": "-9000"}),
    (limit_mistakes.a_bots_loss_is_everybodys, LIMITS, "test_f30_one_positions_margin_loss", {}),
    (limit_mistakes.what_has_no_mark_is_worth_nothing, LIMITS, "test_f30_a_missing_mark", {}),
    (limit_mistakes.a_limit_says_not_of_what, LIMITS, "test_f30_every_limit_names", {}),
    (venue_mistakes.own_channels_may_be_silent, VENUES, "test_f18_", {"dead": "own channels"}),
    (venue_mistakes.prices_may_be_silent, VENUES, "test_f18_", {"dead": "prices"}),
    (venue_mistakes.a_busy_venue_is_the_orders_fault, VENUES, "test_f21_while_only", {}),
    (venue_mistakes.takers_are_tried_all_the_time, VENUES, "test_f21_while_only", {}),
    (venue_mistakes.exits_wait_like_the_others, VENUES, "test_f21_exits",
     {"way": VENUES.by_a_stop_loss}),
    (venue_mistakes.requests_are_not_counted, VENUES, "test_f22_", {}),
]  # fmt: skip


@planted(MISTAKES)
def test_a_planted_mistake_is_noticed(
    mistake: Callable[[Patch], None],
    place: Any,
    name: str,
    more: dict[str, Any],
    monkeypatch: Patch,
) -> None:
    test = noticed_by(place, name)
    mistake(monkeypatch)
    with pytest.raises((AssertionError, ExceptionGroup, RuntimeError, InvariantViolated)):
        test(**more)
