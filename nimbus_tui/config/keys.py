"""What the tables of the config file are made of: their base, and numbers with limits."""

from decimal import Decimal
from typing import Annotated

import msgspec

ZERO = Decimal(0)

Positive = Annotated[Decimal, msgspec.Meta(extra_json_schema={"exclusiveMinimum": 0})]
NotNegative = Annotated[Decimal, msgspec.Meta(extra_json_schema={"minimum": 0})]
Fee = Annotated[Decimal, msgspec.Meta(extra_json_schema={"minimum": 0, "exclusiveMaximum": 0.1})]
"""A share of the notional; 0.02 % is 0.0002, and more than a tenth is a slip."""
Slippage = Annotated[
    Decimal, msgspec.Meta(extra_json_schema={"minimum": 0, "exclusiveMaximum": 100})
]
Rate = Annotated[
    Decimal, msgspec.Meta(extra_json_schema={"exclusiveMinimum": -0.1, "exclusiveMaximum": 0.1})
]
"""A share of the notional of either sign."""


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the file's tables."""
