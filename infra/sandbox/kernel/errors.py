"""The situations a sandbox names: a setting it cannot take, and a connection it drops on purpose."""

from typing import Literal


class BadSettingError(ValueError):
    """A configuration, fault rule or admin body that cannot be used; the text says why."""


class ConnectionDroppedError(ConnectionError):
    """The sandbox closes the connection without any answer.

    A `ConnectionError`, because werkzeug's server takes those for a peer that went away and writes nothing.
    """

    def __init__(self, kind: Literal["timeout_before", "timeout_after"]) -> None:
        super().__init__(f"connection dropped by fault {kind}")
        self.kind = kind
