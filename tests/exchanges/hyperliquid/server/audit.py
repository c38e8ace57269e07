"""What clients have done wrong; a good client leaves the list empty."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any


class Rule(Enum):
    """Which rule of the venue was broken."""

    TICK = "tick"
    LOT = "lot"
    NOTIONAL = "notional"
    FAR_PRICE = "far price"
    ASSET = "unknown or delisted asset"
    NONCE = "nonce"
    CLOID = "cloid used twice"
    SIGNATURE = "signature"
    UNREADABLE = "unreadable body"
    BATCH = "batch too big"
    EXPIRED = "expired on arrival"
    BUDGET = "beyond the address's budget"
    WEIGHT = "beyond the weight of the IP"
    CONNECTIONS = "too many connections"
    SUBSCRIPTION = "bad or repeated subscription"
    COIN = "unknown coin"
    MESSAGES = "too many messages"
    POSTS = "too many posts in flight"
    LEVERAGE = "leverage"
    FORBIDDEN = "an action that moves money away"


@dataclass(frozen=True)
class Violation:
    """One broken rule."""

    rule: Rule
    words: str
    user: str
    time: int

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return {**asdict(self), "rule": self.rule.value}


@dataclass
class Audit:
    """Everything that clients did against the rules, in order."""

    violations: list[Violation] = field(default_factory=list)
    actions: Counter[str] = field(default_factory=Counter)
    """How many actions of each type were carried out."""

    def broken(self, rule: Rule, words: str, user: str, time: int) -> None:
        """Note a broken rule."""
        self.violations.append(Violation(rule, words, user, time))

    def of(self, rule: Rule) -> list[Violation]:
        """The violations of one rule."""
        return [violation for violation in self.violations if violation.rule is rule]
