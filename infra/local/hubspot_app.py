"""The project of the HubSpot app as data: what it may do, and which events it asks for."""

from __future__ import annotations

import json
from typing import Any

from infra.local.paths import ROOT

PROJECT = ROOT / "infra" / "hubspot_app"
APP = PROJECT / "src/app/app-hsmeta.json"
WEBHOOKS = PROJECT / "src/app/webhooks/webhooks-hsmeta.json"


def scopes() -> tuple[str, ...]:
    """The scopes that whoever installs the app grants."""
    found: list[str] = json.loads(APP.read_text(encoding="utf-8"))["config"]["auth"]["requiredScopes"]
    return tuple(found)


def subscriptions() -> list[dict[str, Any]]:
    """The webhook subscriptions, in HubSpot's form; our stand-in of HubSpot takes the same."""
    found: list[dict[str, Any]] = json.loads(WEBHOOKS.read_text(encoding="utf-8"))["config"]["subscriptions"][
        "crmObjects"
    ]
    return found
