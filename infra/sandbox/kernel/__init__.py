"""What both sandboxes share: clock, faults, traffic log, webhooks, admin surface, server and in-process transport."""

from infra.sandbox.kernel.app import SandboxApp
from infra.sandbox.kernel.clock import SandboxClock
from infra.sandbox.kernel.errors import BadSettingError, ConnectionDroppedError
from infra.sandbox.kernel.faults import FAULT_KINDS, FaultBook
from infra.sandbox.kernel.server import running, serve
from infra.sandbox.kernel.transport import SandboxTransport
from infra.sandbox.kernel.webhooks import Delivery, WebhookOutbox, WebhookPolicy

__all__ = [
    "FAULT_KINDS",
    "BadSettingError",
    "ConnectionDroppedError",
    "Delivery",
    "FaultBook",
    "SandboxApp",
    "SandboxClock",
    "SandboxTransport",
    "WebhookOutbox",
    "WebhookPolicy",
    "running",
    "serve",
]
