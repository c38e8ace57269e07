"""`nimbus-tui simulate`: the bots of a config in seeded worlds in which everything goes wrong."""

import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from nimbus_tui.cli.diagnostics import friendly
from nimbus_tui.cli.output import print_json, print_table, print_text
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.simulation.faults import FaultKind, FaultPlan

if TYPE_CHECKING:
    from nimbus_tui.simulation.shortest import Failure
    from nimbus_tui.simulation.world import Verdict

SAMPLE = "simulate.toml"
MOST_SHORTENED = 3
"""How many failures are made smaller; each costs dozens of worlds."""
TRACE_SHOWN = 200
"""How many lines of a failure's trace are shown."""


class Wanted(msgspec.Struct, frozen=True):
    """What to simulate; travels to other processes."""

    config: str | None
    plan: FaultPlan
    ticks: int


def simulate(
    config: Annotated[
        Path | None, typer.Argument(help="A config file; without one a sample with all four bots.")
    ] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="How many worlds.")] = 100,
    start: Annotated[int, typer.Option("--start", min=0, help="The first seed.")] = 0,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Only this seed.")] = None,
    ticks: Annotated[int, typer.Option("--ticks", min=1, help="Ticks of each world.")] = 600,
    faults: Annotated[
        str | None, typer.Option("--faults", help="Only these kinds, with commas; '' = none.")
    ] = None,
    without: Annotated[
        str | None, typer.Option("--without", help="All kinds but these, with commas.")
    ] = None,
    intensity: Annotated[
        float, typer.Option("--intensity", min=0, max=20, help="Multiplies how often faults come.")
    ] = 1.0,
    jobs: Annotated[int, typer.Option("--jobs", min=1, max=256, help="Worlds at a time.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Fault simulation: lost answers, crashes, power cuts; every promise is checked in each world.

    Exits with 1 when a promise was broken, and tells the command that shows it again.
    """
    with friendly():
        plan = FaultPlan(kinds=kinds_of(faults, without), intensity=intensity)
        wanted = Wanted(None if config is None else str(config), plan, ticks)
        _world(wanted)  # what is wrong with the config is said before anything runs
        numbers = range(start, start + seeds) if seed is None else range(seed, seed + 1)
        verdicts = list(_with_progress(_verdicts(wanted, numbers, jobs), len(numbers)))
        failed = [verdict for verdict in verdicts if verdict.violation is not None]
        report = report_of(verdicts)
        if as_json:
            print_json(report)
        else:
            _print(report)
        _explain(wanted, failed)
        if failed:
            raise typer.Exit(1)


def kinds_of(faults: str | None, without: str | None) -> frozenset[FaultKind]:
    """The kinds of faults that two options name.

    Raises:
        ConfigError: a name is none, or both options were given.
    """
    if faults is not None and without is not None:
        raise ConfigError("--faults and --without exclude each other: give one of them")
    if faults is not None:
        return _named("--faults", faults)
    return frozenset(FaultKind) - _named("--without", without or "")


def _named(option: str, text: str) -> frozenset[FaultKind]:
    known = {kind.value: kind for kind in FaultKind}
    names = [name.strip() for name in text.split(",") if name.strip()]
    if strange := [name for name in names if name not in known]:
        raise ConfigError(f"{option}: there is no fault {strange[0]!r}; known: {', '.join(known)}")
    return frozenset(known[name] for name in names)


@lru_cache(maxsize=8)
def _world(wanted: Wanted) -> Any:
    from nimbus_tui.bootstrap import fault_world, load_config
    from nimbus_tui.config.locations import shipped

    path = shipped("sample_configs") / SAMPLE if wanted.config is None else Path(wanted.config)
    return fault_world(load_config(path), plan=wanted.plan, ticks=wanted.ticks)


def live_through(wanted: Wanted, seed: int) -> "Verdict":
    """One world, from the first tick to the verdict."""
    from nimbus_tui.simulation.world import World

    return World(seed, *_world(wanted)).run()


def _verdicts(wanted: Wanted, numbers: range, jobs: int) -> "Iterator[Verdict]":
    if jobs == 1 or len(numbers) == 1:
        yield from map(partial(live_through, wanted), numbers)
        return
    # A fresh process has no thread and no event loop of ours to inherit.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(numbers)), mp_context=context) as pool:
        yield from pool.map(partial(live_through, wanted), numbers)


def _with_progress(verdicts: "Iterator[Verdict]", count: int) -> "Iterator[Verdict]":
    begun, failed, shown = time.monotonic(), 0, sys.stderr.isatty()
    for done, verdict in enumerate(verdicts, 1):
        failed += verdict.violation is not None
        if shown:
            left = (time.monotonic() - begun) / done * (count - done)
            text = f"{done:,} of {count:,} worlds, {failed} failed, {left:.0f} s left"
            sys.stderr.write(f"\r{text:<60}")
            sys.stderr.flush()
        yield verdict
    if shown:
        sys.stderr.write("\r" + " " * 60 + "\r")


def report_of(verdicts: "list[Verdict]") -> dict[str, Any]:
    """The run as the JSON document that scripts rely on."""
    faults: Counter[FaultKind] = Counter()
    for verdict in verdicts:
        faults.update(verdict.faults)
    return {
        "seeds": len(verdicts),
        "failures": [
            {
                "seed": verdict.seed,
                "invariant": verdict.violation.invariant,
                "detail": verdict.violation.detail,
            }
            for verdict in verdicts
            if verdict.violation is not None
        ],
        "faults": {kind.value: faults[kind] for kind in FaultKind},
        "orders": sum(verdict.orders for verdict in verdicts),
        "fills": sum(verdict.fills for verdict in verdicts),
        "crashes": sum(verdict.crashes for verdict in verdicts),
    }


def _print(report: dict[str, Any]) -> None:
    rows = [(name, f"{count:,}") for name, count in report["faults"].items()]
    print_table(("fault", "times"), rows)
    print_text(
        f"{report['seeds']:,} worlds, {report['orders']:,} orders, {report['fills']:,} fills, "
        f"{report['crashes']:,} crashes: {len(report['failures'])} failures"
    )


# failures


def _explain(wanted: Wanted, failed: "list[Verdict]") -> None:
    """Each failure with the command that repeats it, the first ones made as small as they go."""
    for number, verdict in enumerate(failed):
        _tell_failure(wanted, verdict, is_shortened=number < MOST_SHORTENED)


def _tell_failure(wanted: Wanted, verdict: "Verdict", *, is_shortened: bool) -> None:
    from nimbus_tui.simulation.shortest import Failure, shortest

    def again(plan: FaultPlan, ticks: int) -> "Verdict":
        return live_through(Wanted(wanted.config, plan, ticks), verdict.seed)

    failure = Failure(wanted.plan, wanted.ticks, verdict)
    if is_shortened:
        failure = shortest(again, failure)
    violation = failure.verdict.violation
    if violation is None:
        return
    lines = list(failure.verdict.trace[-TRACE_SHOWN:]) if is_shortened else []
    what = f"seed {verdict.seed} breaks: {violation.invariant}\n{violation.detail}"
    command = f"again: {command_of(wanted, failure)}"
    sys.stderr.write("\n".join([*lines, what, command, ""]))


def command_of(wanted: Wanted, failure: "Failure") -> str:
    """What to type to see a failure again."""
    config = "" if wanted.config is None else f" {wanted.config}"
    kinds = failure.plan.kinds
    names = ",".join(kind.value for kind in FaultKind if kind in kinds)
    shown = "" if kinds == frozenset(FaultKind) else f" --faults {names!r}"
    intensity = failure.plan.intensity
    pace = "" if intensity == 1 else f" --intensity {intensity:g}"
    seed, ticks = failure.verdict.seed, failure.ticks
    return f"nimbus-tui simulate{config} --seed {seed} --ticks {ticks}{shown}{pace}"
