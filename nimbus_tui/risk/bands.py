"""Up to which price and until which time no rule changes its step, so that nobody need look.

Equity is linear in price, and so are notionals; each rule's usage runs through its thresholds, and
through 75 % of them where a step is calm again, at prices that can be worked out.
"""

from collections.abc import Iterable
from decimal import Decimal

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.plan import NO_BAND, Band
from nimbus_tui.core.risk import RiskInput
from nimbus_tui.risk.equity_track import BUCKET_NS, DAY_NS, day_ago, day_began, day_point
from nimbus_tui.risk.limits import EngineLimits, RiskLimits
from nimbus_tui.risk.portfolio import grouped, notional
from nimbus_tui.risk.position import ExitRule, position_exits
from nimbus_tui.risk.reading import AnyLimits, thresholds
from nimbus_tui.risk.states import BookState, BotInputs, EngineInputs, Holding
from nimbus_tui.risk.strategy import own_equity
from nimbus_tui.risk.streak import cooled_at
from nimbus_tui.risk.table import BY_NAME

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)
_HARDLY = Decimal("1e-12")
"""A share of a price that is far less than a tick."""


def around(mark: Decimal, prices: Iterable[Decimal]) -> Band:
    """The nearest of some prices on either side of the mark; one at the mark is on both."""
    prices = [price for price in prices if price > ZERO]
    below = max((price for price in prices if price <= mark), default=None)
    above = min((price for price in prices if price >= mark), default=None)
    return (below, above)


def bot_bands(bot: BotInputs, limits: RiskLimits) -> dict[Symbol, Band]:
    """For each symbol the prices at which a rule of the bot may change its step.

    Exact for a bot of one symbol. With several, as long as all stay inside, nothing changes: the
    bands are as wide as the worst move of all of them together allows. A mark that is missing gives
    a band that holds no price.
    """
    marked = [one.holding for one in bot.positions if _mark(one.holding) is not None]
    bands: dict[Symbol, Band] = {}
    for state in bot.positions:
        mark = _mark(state.holding)
        if mark is None:
            bands[state.holding.symbol] = NO_BAND
            continue
        exits = position_exits(state, limits)
        prices = [*_exit_prices(exits, mark), *_size_prices(state.holding, limits)]
        if len(bot.positions) == 1:
            prices += _equity_prices(bot, limits, state.holding, mark)
            prices += _peak_prices(bot, limits, state.holding, mark)
        else:
            share = _equity_share(bot, limits, marked)
            prices += [] if share is None else [mark * (ONE - share), mark * (ONE + share)]
        bands[state.holding.symbol] = around(mark, prices)
    return bands


def _exit_prices(exits: tuple[ExitRule, ...], mark: Decimal) -> list[Decimal]:
    """Where an exit trips; a stop loss also where its warning comes and goes."""
    prices = []
    for one in exits:
        prices += [one.price, *([] if one.sure_price is None else [one.sure_price])]
        steps = BY_NAME[one.rule].thresholds
        cost = one.price / (ONE - one.limit / HUNDRED if one.below else ONE + one.limit / HUNDRED)
        prices += [cost + (one.price - cost) * usage for usage in steps.usages()]
    return prices


def _size_prices(holding: Holding, limits: RiskLimits) -> list[Decimal]:
    quantity, limit = holding.worst_quantity, limits.position_size
    if limit is None or not quantity:
        return []
    return [limit * usage / quantity for usage in _usages("position_size", limits)]


def _equities(bot: BotInputs, limits: RiskLimits) -> list[Decimal]:
    """The equities, without transfers, at which daily loss or drawdown change their step."""
    strategy, track = bot.strategy, bot.strategy.track
    if track is None:
        return []
    found = []
    if limits.drawdown is not None:
        base = track.peak + strategy.transfers
        marks = _usages("drawdown", limits)
        found += [track.peak - limits.drawdown * usage / HUNDRED * base for usage in marks]
    if limits.daily_loss is not None:
        starts = [day_point(track, bot.now_ns, limits.day_start_ns), day_ago(track, bot.now_ns)]
        for start in (start for start in starts if start is not None):
            base = start.equity + strategy.transfers
            marks = _usages("daily_loss", limits)
            found += [start.equity - limits.daily_loss * usage / HUNDRED * base for usage in marks]
    return found


def _equity_prices(
    bot: BotInputs, limits: RiskLimits, holding: Holding, mark: Decimal
) -> list[Decimal]:
    """Of a bot with one symbol: equity(price) = equity + quantity × (price − mark)."""
    own = own_equity(bot.strategy)
    if own is None or not holding.quantity:
        return []
    return [mark + (equity - own) / holding.quantity for equity in _equities(bot, limits)]


def _peak_prices(
    bot: BotInputs, limits: RiskLimits, holding: Holding, mark: Decimal
) -> list[Decimal]:
    """Where the equity passes its peak: from there on the drawdown is measured from higher up.

    At the peak itself the next price on the good side counts, and none on the other.
    """
    own, track = own_equity(bot.strategy), bot.strategy.track
    if limits.drawdown is None or own is None or track is None or not holding.quantity:
        return []
    further = mark * _HARDLY if holding.quantity > 0 else -mark * _HARDLY
    return [mark + further + max(ZERO, track.peak - own) / holding.quantity]


def _equity_share(
    bot: BotInputs, limits: RiskLimits, holdings: Iterable[Holding]
) -> Decimal | None:
    """The share by which all prices may move at the worst before an equity is reached."""
    own = own_equity(bot.strategy)
    gross = sum((abs(one.quantity) * (_mark(one) or ZERO) for one in holdings), ZERO)
    if own is None or not gross:
        return None
    return min((abs(equity - own) / gross for equity in _equities(bot, limits)), default=None)


def book_share(engine: EngineInputs, limits: EngineLimits) -> Decimal | None:
    """The share by which every price may move at the worst before a rule over everything changes.

    None: no move matters. A holding without a mark, or no equity, gives 0: look at every price.
    With 0.02 no step changes while each price stays within 2 % of its mark.
    """
    book = engine.book
    shares = []
    if limits.total_exposure is not None:
        usages = _usages("total_exposure", limits)
        multiples = [limits.total_exposure * usage for usage in usages]
        shares.append(multiple_share(book, book.holdings, multiples))
    if limits.correlation is not None:
        multiples = [limits.correlation * usage for usage in _usages("correlation", limits)]
        for group in grouped(book, engine.clusters):
            held = [one for one in book.holdings if one.asset in group]
            shares.append(multiple_share(book, held, multiples))
    if limits.asset_allocation is not None:
        shares.append(_allocation_share(book, limits))
    if limits.equity_floor is not None:
        shares.append(_floor_share(book, limits))
    return min((share for share in shares if share is not None), default=None)


def multiple_share(
    book: BookState, holdings: Iterable[Holding], multiples: Iterable[Decimal]
) -> Decimal | None:
    """The worst move before a notional is one of these multiples of the equity (also leverage).

    Prices that all move by s change the notional N to at most N(1 + s) while the equity E falls to
    E − sG at the worst, G being what the positions are worth: N(1 + s) = m(E − sG), and the other
    way round for what calms.
    """
    holdings = tuple(holdings)
    equity = book.equity.value
    if equity is None or any(_mark(one) is None and not one.is_empty for one in book.holdings):
        return ZERO
    total = sum((notional(one) for one in holdings), ZERO)
    gross = sum((abs(one.quantity) * (_mark(one) or ZERO) for one in book.holdings), ZERO)
    if not total:
        return None
    shares = [abs(many * equity - total) / (total + many * gross) for many in multiples]
    return min(shares, default=None)


def _allocation_share(book: BookState, limits: EngineLimits) -> Decimal | None:
    """A share a of the total becomes a(1 + s) ÷ (1 − s + 2as) at most, or the reverse."""
    if any(_mark(one) is None and not one.is_empty for one in book.holdings):
        return ZERO
    total = sum((notional(one) for one in book.holdings), ZERO)
    if not total or limits.asset_allocation is None:
        return None
    marks = [limits.asset_allocation / HUNDRED * u for u in _usages("asset_allocation", limits)]
    found = []
    for asset in {one.asset for one in book.holdings}:
        held = sum((notional(one) for one in book.holdings if one.asset == asset), ZERO) / total
        for mark in marks:
            reach = held + mark - 2 * held * mark
            if reach > ZERO:
                found.append(abs(mark - held) / reach)
    return min(found, default=None)


def _floor_share(book: BookState, limits: EngineLimits) -> Decimal | None:
    equity = book.equity.value
    if equity is None or limits.equity_floor is None:
        return ZERO
    if any(_mark(one) is None and not one.is_empty for one in book.holdings):
        return ZERO
    gross = sum((abs(one.quantity) * (_mark(one) or ZERO) for one in book.holdings), ZERO)
    if not gross:
        return None
    usages = _usages("emergency", limits)
    return min((abs(equity - limits.equity_floor / u) / gross for u in usages), default=None)


def next_time(bot: BotInputs, limits: RiskLimits) -> int | None:
    """When a rule may change its step though no price moves, ns; the ladder's `until` is beside it.

    Age, the day's start, the rolling window, cooldown, an exit's confirmation, silent streams.
    """
    times = [*_ages(bot, limits), *_windows(bot, limits), *_silences(bot, limits)]
    cooled = cooled_at(bot.strategy.streak, limits.cooldown_ns)
    if limits.consecutive_losses is not None and cooled is not None:
        times.append(cooled)
    times += [
        state.beyond_since + rule.confirm_ns
        for state in bot.positions
        if state.beyond_since is not None
        for rule in position_exits(state, limits)
        if rule.confirm_ns is not None
    ]
    return min((at for at in times if at > bot.now_ns), default=None)


def _ages(bot: BotInputs, limits: RiskLimits) -> list[int]:
    limit = limits.position_age_s
    if limit is None:
        return []
    usages = [ONE, *(at for _, at in thresholds(BY_NAME["position_age"], limits).steps())]
    return [
        state.opened_ns + int(limit * usage * NS_PER_SECOND)
        for state in bot.positions
        if state.opened_ns is not None
        for usage in usages
    ]


def _windows(bot: BotInputs, limits: RiskLimits) -> list[int]:
    if limits.daily_loss is None:
        return []
    next_day = day_began(bot.now_ns, limits.day_start_ns) + DAY_NS
    return [next_day, (bot.now_ns // BUCKET_NS + 1) * BUCKET_NS]


def _silences(bot: BotInputs, limits: RiskLimits) -> list[int]:
    steps = thresholds(BY_NAME["connection"], limits).steps()
    return [
        stream.last_data_ns + int(limits.connection * usage * NS_PER_SECOND)
        for stream in bot.streams
        if stream.last_data_ns is not None
        for _, usage in steps
    ]


def _usages(rule: str, limits: AnyLimits) -> tuple[Decimal, ...]:
    return thresholds(BY_NAME[rule], limits).usages()


def _mark(holding: Holding) -> Decimal | None:
    mark = holding.mark
    return mark.value if mark.problem is RiskInput.GOOD else None
