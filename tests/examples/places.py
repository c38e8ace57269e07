"""Where the examples are."""

from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
EXAMPLES = CHECKOUT / "docs" / "examples"
PINGPONG = EXAMPLES / "nimbus-pingpong"
