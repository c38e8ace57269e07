"""How much exposure each limit still leaves, so that a whole plan together can't pass it."""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from nimbus_tui.core.ids import Asset, Symbol
from nimbus_tui.core.instrument import parse_symbol
from nimbus_tui.core.risk import RiskInput
from nimbus_tui.risk import portfolio
from nimbus_tui.risk.escalation import in_words
from nimbus_tui.risk.limits import AccountLimits, EngineLimits, RiskLimits
from nimbus_tui.risk.portfolio import grouped, notional, notionals
from nimbus_tui.risk.position import position_size
from nimbus_tui.risk.reading import AnyLimits, Verdict, thresholds
from nimbus_tui.risk.rule import Measure
from nimbus_tui.risk.states import AccountInputs, BookState, BotInputs, EngineInputs, Holding
from nimbus_tui.risk.table import BY_NAME

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)
_COUNTED = frozenset(
    {
        "position_size",
        "order_rate",
        "total_exposure",
        "correlation",
        "leverage",
        "asset_allocation",
    }
)

_OBJECTIONS = tuple(
    f"{name.replace('_', ' ')}{end}"
    for name in _COUNTED - {"order_rate"}
    for end in (":", " would")
)


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """What one limit leaves to orders that add: counted + added ≤ most, all in one currency."""

    rule: str
    counted: Decimal
    """Notional of what it counts now, every resting adding order as if filled."""
    most: Decimal
    """Notional that it allows; for a share, the share (0.4) that it allows of the total."""
    limit: Decimal
    """The limit in the rule's unit, as people know it."""
    scale: Decimal = ONE
    """Notional ÷ scale is what the rule measures (the equity, where it measures a multiple)."""
    total: Decimal | None = None
    """For a share: the notional of everything, which grows with every order that is let through."""
    symbols: frozenset[Symbol] | None = None
    """Which symbols it counts; None: no matter which."""
    assets: frozenset[Asset] | None = None
    """Which assets it counts; None: no matter which."""
    perpetuals_only: bool = False
    worth: Decimal = ONE
    """What one quote of the bot is worth in the currency of the limit."""
    closed: str = ""
    """Why nothing may be added at all, whatever the numbers; empty where they decide."""

    def counts(self, symbol: Symbol) -> bool:
        """Whether an order in a symbol uses this allowance."""
        parts = parse_symbol(symbol)
        return (
            (self.symbols is None or symbol in self.symbols)
            and (self.assets is None or parts.base in self.assets)
            and (not self.perpetuals_only or parts.settle is not None)
        )

    def objection(self, added: Decimal, added_in_all: Decimal) -> str:
        """Why so much more of it is too much, with both numbers; empty while it isn't.

        `added` is what new orders add to what it counts, `added_in_all` to everything; in quote.
        """
        name = self.rule.replace("_", " ")
        if self.closed:
            return f"{name}: {self.closed}"
        after = self.counted + added * self.worth
        if self.total is None:
            if after <= self.most:
                return ""
            return f"{name} would be {_shown(after, self.scale)}, the limit is {self.limit:f}"
        total = self.total + added_in_all * self.worth
        if after <= self.most * total:
            return ""
        return f"{name} would be {after / total * HUNDRED:.2f} %, the limit is {self.limit:f} %"


def refusal(verdicts: Iterable[Verdict]) -> str:
    """Why no order that adds may leave at all; empty while one may.

    By the rules that refuse and have no allowance to count with: the API rate, and those of other
    packages. The order rate delays by its bucket.
    """
    return next(
        (
            in_words(one.reading)
            for one in verdicts
            if one.reading.refuses and one.reading.rule not in _COUNTED
        ),
        "",
    )


def is_for_room(reason: str) -> bool:
    """Whether an order is held back by an objection of an allowance."""
    return reason.startswith(_OBJECTIONS)


def _shown(amount: Decimal, scale: Decimal) -> str:
    return f"{amount / scale:.2f}" if scale > ZERO else f"{amount:.2f} on no equity"


def bot_allowances(bot: BotInputs, limits: RiskLimits) -> tuple[Allowance, ...]:
    """What the position size leaves in each of the bot's symbols."""
    share = _share("position_size", limits)
    limit = limits.position_size
    if limit is None or share is None:
        return ()
    problem = position_size(bot, limits)
    return tuple(
        Allowance(
            rule="position_size",
            counted=_counted([state.holding]),
            most=limit * share,
            limit=limit,
            symbols=frozenset({state.holding.symbol}),
            closed=_closed(problem),
        )
        for state in bot.positions
    )


def account_allowances(
    account: AccountInputs, limits: AccountLimits, worth: Decimal = ONE
) -> tuple[Allowance, ...]:
    """What the leverage of an account leaves; `worth` of the bot's quote in its currency."""
    if limits.leverage is None:
        return ()
    perpetuals = [one for one in account.book.holdings if one.is_perpetual]
    found = _multiple("leverage", account.book, perpetuals, limits.leverage, limits, worth)
    problem = _closed(portfolio.leverage(account, limits))
    return tuple(
        msgspec.structs.replace(one, perpetuals_only=True, closed=one.closed or problem)
        for one in found
    )


def engine_allowances(
    engine: EngineInputs, limits: EngineLimits, assets: Iterable[Asset], worth: Decimal = ONE
) -> tuple[Allowance, ...]:
    """What exposure, correlation and allocation leave to a bot that trades these assets."""
    assets, book = frozenset(assets), engine.book
    found: list[Allowance] = []
    if limits.total_exposure is not None:
        problem = _closed(portfolio.total_exposure(engine, limits))
        found += _multiple(
            "total_exposure", book, book.holdings, limits.total_exposure, limits, worth, problem
        )
    if limits.correlation is not None:
        problem = _closed(portfolio.correlation(engine, limits))
        for group in grouped(book, engine.clusters, assets):
            held = [one for one in book.holdings if one.asset in group]
            made = _multiple("correlation", book, held, limits.correlation, limits, worth, problem)
            found += [msgspec.structs.replace(one, assets=group) for one in made]
    return (*found, *_shares(engine, limits, assets, worth))


def _shares(
    engine: EngineInputs, limits: EngineLimits, assets: Iterable[Asset], worth: Decimal
) -> list[Allowance]:
    """What the allocation leaves to each asset."""
    limit, share = limits.asset_allocation, _share("asset_allocation", limits)
    if limit is None or share is None:
        return []
    problem = _closed(portfolio.asset_allocation(engine, limits))
    by_asset = {} if problem else notionals(engine.book.holdings)
    return [
        Allowance(
            rule="asset_allocation",
            counted=by_asset.get(asset, ZERO),
            most=limit / HUNDRED * share,
            limit=limit,
            total=sum(by_asset.values(), ZERO),
            assets=frozenset({asset}),
            worth=worth,
            closed=problem,
        )
        for asset in sorted(assets)
    ]


def _multiple(
    rule: str,
    book: BookState,
    holdings: Iterable[Holding],
    limit: Decimal,
    limits: AnyLimits,
    worth: Decimal,
    problem: str = "",
) -> list[Allowance]:
    """What a multiple of the equity leaves; nothing where the rule refuses nothing."""
    share = _share(rule, limits)
    if share is None:
        return []
    equity = book.equity.value if book.equity.problem is RiskInput.GOOD else None
    unknown = "" if equity is not None else f"the equity is {book.equity.problem.value}"
    return [
        Allowance(
            rule=rule,
            counted=_counted(holdings),
            most=limit * share * (equity or ZERO),
            limit=limit,
            scale=equity or ZERO,
            worth=worth,
            closed=problem or unknown,
        )
    ]


def _counted(holdings: Iterable[Holding]) -> Decimal:
    """Where a mark is missing the measure says so, and closes the allowance."""
    known = [one for one in holdings if one.mark.value is not None]
    return sum((notional(one) for one in known), ZERO)


def _closed(measure: Measure) -> str:
    return "" if measure.input is RiskInput.GOOD else measure.detail or measure.input.value


def _share(rule: str, limits: AnyLimits) -> Decimal | None:
    refuse = thresholds(BY_NAME[rule], limits).refuse
    return None if refuse is None else refuse / HUNDRED
