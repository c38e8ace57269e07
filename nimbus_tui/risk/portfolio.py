"""Level 3: rules about several bots together: exposure, correlation, leverage, allocation."""

from collections.abc import Iterable
from decimal import Decimal

from nimbus_tui.core.ids import Asset
from nimbus_tui.core.risk import RiskInput
from nimbus_tui.risk.limits import AccountLimits, EngineLimits
from nimbus_tui.risk.rule import EVERYTHING, OFF, Measure, unusable, worst
from nimbus_tui.risk.states import AccountInputs, BookState, EngineInputs, Holding

ZERO = Decimal(0)
HUNDRED = Decimal(100)
_WITH_ORDERS = "positions and all resting orders that add"


def notional(holding: Holding) -> Decimal:
    """Worth at mark of the largest position that the resting orders can lead to.

    Raises:
        ValueError: there is no mark.
    """
    if holding.is_empty:
        return ZERO
    if holding.mark.value is None:
        raise ValueError(f"{holding.symbol} has no mark")
    return holding.worst_quantity * holding.mark.value


def total_exposure(engine: EngineInputs, limits: EngineLimits) -> Measure:
    """Sum of all notionals as a multiple of the equity."""
    if limits.total_exposure is None:
        return OFF
    book = engine.book
    return _multiple(book, book.holdings, limits.total_exposure, EVERYTHING)


def correlation(engine: EngineInputs, limits: EngineLimits) -> Measure:
    """The largest exposure of assets that move together, as a multiple of the equity."""
    limit, book = limits.correlation, engine.book
    if limit is None:
        return OFF
    groups = grouped(book, engine.clusters)
    measures = [
        _multiple(book, [one for one in book.holdings if one.asset in group], limit, _named(group))
        for group in groups
    ]
    return worst(measures, _multiple(book, (), limit, ""))


def grouped(
    book: BookState, clusters: Iterable[frozenset[Asset]], others: Iterable[Asset] = ()
) -> list[frozenset[Asset]]:
    """The clusters of the assets that are held, or among *others*.

    An asset of which nothing is said is its own.
    """
    held = {one.asset for one in book.holdings} | set(others)
    groups = [cluster & held for cluster in clusters if cluster & held]
    alone = held.difference(*groups)
    return [*groups, *(frozenset({asset}) for asset in sorted(alone))]


def leverage(account: AccountInputs, limits: AccountLimits) -> Measure:
    """Sum of the perpetuals' notionals as a multiple of the margin equity; 0 on spot."""
    limit = limits.leverage
    if limit is None:
        return OFF
    perpetuals = [one for one in account.book.holdings if one.is_perpetual]
    if not perpetuals:
        return Measure(measured=ZERO, limit=limit, detail="no perpetuals")
    return _multiple(account.book, perpetuals, limit, EVERYTHING)


def asset_allocation(engine: EngineInputs, limits: EngineLimits) -> Measure:
    """The largest asset's share of the total exposure, in percent."""
    limit, book = limits.asset_allocation, engine.book
    if limit is None:
        return OFF
    bad = _bad_mark(book.holdings, limit)
    if bad is not None:
        return bad
    by_asset = notionals(book.holdings)
    total = sum(by_asset.values(), ZERO)
    if not total:
        return Measure(measured=ZERO, limit=limit, detail="nothing is held")
    asset, most = max(by_asset.items(), key=lambda item: item[1])
    return Measure(
        measured=most / total * HUNDRED,
        limit=limit,
        concerns=asset,
        source=_sources(book.holdings),
        age_ms=_oldest(book.holdings),
        detail=f"{asset} of {_WITH_ORDERS}",
    )


def notionals(holdings: Iterable[Holding]) -> dict[Asset, Decimal]:
    """Notional by asset, every adding order counted as filled."""
    found: dict[Asset, Decimal] = {}
    for one in holdings:
        found[one.asset] = found.get(one.asset, ZERO) + notional(one)
    return found


def _multiple(
    book: BookState, holdings: Iterable[Holding], limit: Decimal, concerns: str
) -> Measure:
    """Notional of some holdings as a multiple of the book's equity."""
    holdings = tuple(holdings)
    equity = book.equity
    if equity.problem is not RiskInput.GOOD or equity.value is None:
        words = f"the equity is {equity.problem.value}"
        return unusable(limit, equity.problem, words, source=equity.source, age_ms=equity.age_ms)
    bad = _bad_mark(holdings, limit)
    if bad is not None:
        return bad
    total = sum((notional(one) for one in holdings), ZERO)
    if total and equity.value <= ZERO:
        # Equity that is gone, or misread: no number here is a reason to act on the market.
        return unusable(limit, RiskInput.MISSING, f"there is no equity: {equity.value:.2f}")
    ages = [age for age in (equity.age_ms, _oldest(holdings)) if age is not None]
    return Measure(
        measured=total / equity.value if total else ZERO,
        limit=limit,
        concerns=concerns,
        source=", ".join(dict.fromkeys(s for s in (equity.source, _sources(holdings)) if s)),
        age_ms=max(ages, default=None),
        detail=f"{total:.2f} of {_WITH_ORDERS} on {equity.value:.2f}",
    )


def _bad_mark(holdings: Iterable[Holding], limit: Decimal) -> Measure | None:
    for one in holdings:
        mark = one.mark
        if not one.is_empty and mark.problem is not RiskInput.GOOD:
            return unusable(
                limit,
                mark.problem,
                f"the mark of {one.symbol} is {mark.problem.value}",
                source=mark.source,
                age_ms=mark.age_ms,
            )
    return None


def _oldest(holdings: Iterable[Holding]) -> int | None:
    ages = [one.mark.age_ms for one in holdings if one.mark.age_ms is not None]
    return max(ages, default=None)


def _sources(holdings: Iterable[Holding]) -> str:
    return ", ".join(dict.fromkeys(one.mark.source for one in holdings if one.mark.source))


def _named(assets: Iterable[Asset]) -> str:
    return ", ".join(sorted(assets))
