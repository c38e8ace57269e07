"""What of the risk tables only shows beyond their types: times, steps, and what is off."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import msgspec

from nimbus_tui.config.exchange_sections import ExchangeSection
from nimbus_tui.config.model import BotConfig, RiskSection
from nimbus_tui.config.positions import Path
from nimbus_tui.config.problems import Findings, did_you_mean
from nimbus_tui.core.duration import parse_duration
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import ExchangeName
from nimbus_tui.risk.limits import AccountLimits, RiskLimits, SharedLimits, time_of_day_ns
from nimbus_tui.risk.rule import Scope
from nimbus_tui.risk.table import BY_NAME, rules_of
from nimbus_tui.risk.thresholds import Thresholds

_DURATIONS = ("position_age", "cooldown", "hold")


def check(
    risk: RiskSection, exchanges: Mapping[ExchangeName, ExchangeSection], findings: Findings
) -> dict[ExchangeName, ExchangeSection]:
    """Check the engine's table and those of the accounts; returns these with the common steps."""
    check_texts(risk, ("risk",), findings)
    filled = {}
    for name, section in exchanges.items():
        check_texts(section.risk, ("exchanges", name, "risk"), findings)
        steps = {**risk.steps, **section.risk.steps}
        limits = msgspec.structs.replace(section.risk, steps=steps)
        filled[name] = msgspec.structs.replace(section, risk=limits)
    return filled


def check_texts(limits: SharedLimits | AccountLimits, path: Path, findings: Findings) -> None:
    """Lengths of time and times of day that are none, and steps that make no ladder."""
    for key in _DURATIONS:
        _try(parse_duration, getattr(limits, key, None), (*path, key), findings)
    _try(time_of_day_ns, getattr(limits, "day_start", None), (*path, "day_start"), findings)
    for name, own in limits.steps.items():
        rule = BY_NAME.get(name)
        if rule is None and name not in getattr(limits, "others", {}):
            known = ", ".join(BY_NAME)
            hint = did_you_mean(name, BY_NAME) or ";"
            findings.say((*path, "steps", name), f"unknown rule {name!r}{hint} allowed: {known}")
        elif rule is not None:
            _check_order(rule.thresholds.changed_by(own), (*path, "steps", name), findings)


def _try(parse: Any, text: str | None, path: Path, findings: Findings) -> None:
    if text is None:
        return
    try:
        parse(text)
    except ConfigError as error:
        findings.say(path, str(error))


def _check_order(steps: Thresholds, path: Path, findings: Findings) -> None:
    """A stricter step is not taken before a milder one."""
    taken = steps.steps()
    for (mild, low), (strict, high) in pairwise(taken):
        if high < low:
            findings.say(
                path,
                f"{strict.label} at {high * 100:f} comes before {mild.label} at {low * 100:f}; "
                "a stricter step needs at least as much",
            )


def rules_off(bot: BotConfig) -> tuple[str, ...]:
    """The rules that have no limit for a bot, in words.

    A take profit that is an order of the strategy's own is not among them.
    """
    return tuple(
        rule.name.replace("_", " ")
        for rule in rules_of(Scope.BOT)
        if rule.name in RiskLimits.__struct_fields__
        and not any(
            getattr(source, key, None) is not None
            for source in (bot.limits, bot.parameters)
            for key in (rule.name, f"{rule.name}_price")
        )
    )
