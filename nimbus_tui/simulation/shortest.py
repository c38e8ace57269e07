"""Makes a failed fault world smaller: fewer kinds of faults, fewer ticks, the same breach."""

from collections.abc import Callable

import msgspec

from nimbus_tui.simulation.faults import FaultKind, FaultPlan
from nimbus_tui.simulation.world import Verdict

Run = Callable[[FaultPlan, int], Verdict]
"""Lives through the world of one seed under a plan, for so many ticks."""


class Failure(msgspec.Struct, frozen=True):
    """A world that broke a promise, and what it takes to see that again."""

    plan: FaultPlan
    ticks: int
    verdict: Verdict


def shortest(run: Run, failed: Failure) -> Failure:
    """Take kinds of faults away one by one, then ticks, while the same promise still breaks.

    The order is fixed, so the same failure always shrinks to the same one.
    """
    best = failed
    for kind in FaultKind:
        if kind in best.plan.kinds:
            plan = msgspec.structs.replace(best.plan, kinds=best.plan.kinds - {kind})
            best = _again(run, best, plan, best.ticks) or best
    best = _again(run, best, best.plan, best.verdict.ticks) or best
    step = best.ticks // 2
    while step:
        shorter = _again(run, best, best.plan, best.ticks - step)
        best = shorter or best
        step = min(step, best.ticks // 2) if shorter else step // 2
    return best


def _again(run: Run, best: Failure, plan: FaultPlan, ticks: int) -> Failure | None:
    """The failure under another plan, if it is the same one."""
    if ticks < 1 or (plan == best.plan and ticks >= best.ticks):
        return None
    verdict = run(plan, ticks)
    known, found = best.verdict.violation, verdict.violation
    if known is None or found is None or known.invariant != found.invariant:
        return None
    return Failure(plan, ticks, verdict)
