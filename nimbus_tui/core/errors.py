"""Every exception that is ours.

NimbusError
├── ConfigError               the user's file or command line is wrong
├── DataError                 a recorded price file can't be read
├── JournalError              the memory can't be trusted or written
│   ├── JournalLocked         another process owns it
│   └── JournalLost           its file is damaged, gone or can't be written: an emergency
├── VaultError                the secrets can't be opened or written
│   └── WrongPassphrase       the passphrase doesn't open them
├── EngineUnreachable         no engine answers, or it went away
│   └── EngineEnded           it is no more; the text says why, as far as it is known
├── ExchangeError             a venue failed in a way that is no answer to an order
│   ├── UnsupportedByExchange the venue doesn't offer this call
│   ├── NotConnected          the call needs a connection
│   └── NoAnswer              a request brought no answer; it may have arrived or not
├── UnsoundAnswer             a strategy answered what no strategy may
└── InvariantViolated         our own bookkeeping contradicts itself: a bug or a foreign writer
"""


class NimbusError(Exception):
    """Base of all errors that nimbus-tui raises on purpose; its text is fit for the user."""


class ConfigError(NimbusError):
    """The user's config or command line is wrong; the text says what, where and what is allowed."""


class DataError(NimbusError):
    """A recorded price file can't be used; the text names the file and the row."""


class JournalError(NimbusError):
    """The journal can't be read, written or trusted."""


class JournalLocked(JournalError):
    """Another process owns the journal; the text names its pid."""


class JournalLost(JournalError):
    """The journal's file is damaged, gone, or can't be written; the text says which."""


class VaultError(NimbusError):
    """The vault can't be opened or written; the text says why, and what is left as it was."""


class WrongPassphrase(VaultError):
    """The passphrase does not open the vault."""


class EngineUnreachable(NimbusError):
    """No engine answers on the other side of the client, or it went away."""


class EngineEnded(EngineUnreachable):
    """The engine is no more: nothing but a new start brings it back. The text says why."""


class ExchangeError(NimbusError):
    """A venue failed in a way that says nothing about any order."""


class UnsupportedByExchange(ExchangeError):
    """The venue does not offer this call."""

    def __init__(self, exchange: str, call: str) -> None:
        super().__init__(f"{exchange} does not offer {call}")
        self.exchange = exchange
        self.call = call


class NotConnected(ExchangeError):
    """The call needs a connection that isn't there."""


class NoAnswer(ExchangeError):
    """A request brought no answer that can be read.

    `may_have_arrived` is False only if it is certain that nothing of it has left this machine;
    else the venue may have done what was asked.
    """

    def __init__(self, may_have_arrived: bool, text: str) -> None:
        super().__init__(text)
        self.may_have_arrived = may_have_arrived


class UnsoundAnswer(NimbusError):
    """A strategy's answer can't be used; the text names the call and what it may answer."""


class InvariantViolated(NimbusError):
    """Two facts about the same order or position contradict each other."""
