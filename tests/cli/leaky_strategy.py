"""A strategy that fails with a key in hand, in as many ways as a careless author finds."""

LEAKY = '''
import asyncio
import base64
import logging
import os
import sys
import threading
import warnings
from pathlib import Path

from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.secret import Secret
from nimbus_tui.strategies.base import BaseTradingStrategy, StrategyConfig, StrategyState


class LeakyConfig(StrategyConfig, frozen=True, kw_only=True):
    """Fails with a key in hand."""

    symbol: Symbol
    """What it does not trade."""


class LeakyState(StrategyState, frozen=True, kw_only=True):
    """Nothing."""


class LeakyStrategy(BaseTradingStrategy[LeakyConfig, LeakyState]):
    """Knows a key that it keeps as a Secret, and one that looks like a key."""

    interface = 1
    Config = LeakyConfig
    State = LeakyState

    def initial_state(self):
        return LeakyState()

    @classmethod
    def required_capital(cls, config, instruments, prices):
        return prices[config.symbol]

    def get_statistics(self):
        return {"signs with": self.keys()[0]}

    def keys(self):
        kept, unknown = Path(os.environ["LEAKY_KEYS"]).read_text().split()
        Secret(kept)
        return kept, unknown

    def plan(self, view):
        kept, unknown = self.keys()
        print("print", kept, file=sys.stderr)
        logging.getLogger("leaky").error("logged %s %s", kept, unknown)
        warnings.warn(f"warned {kept}", stacklevel=1)
        thread = threading.Thread(target=self.fail, args=(kept,))
        thread.start()
        thread.join()
        asyncio.get_running_loop().call_soon(self.fail, kept.upper())
        token = base64.b64encode(b"user:" + kept.encode()).decode()
        raise ValueError(f"can't sign with {kept} nor {unknown} nor {token}")

    def fail(self, kept):
        raise RuntimeError(f"failed beside it with {kept}")
'''
