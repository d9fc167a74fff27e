"""Why a portal and a company could not be connected: a code for each, and its text for the person who tried."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

CONNECTION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
"""What a connection may be called: the name stands in keys and in the marker of each document in QuickBooks."""


class ConnectCode(StrEnum):
    """What stands in the way."""

    BAD_CONNECTION_ID = "bad_connection_id"
    UNKNOWN_CONNECTION = "unknown_connection"
    PORTAL_NEEDED = "portal_needed"
    PORTAL_TAKEN = "portal_taken"
    WRONG_PORTAL = "wrong_portal"
    HUBSPOT_FIRST = "hubspot_first"
    TOKEN_EMPTY = "token_empty"  # noqa: S105 - a code
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - a code
    MISSING_SCOPES = "missing_scopes"
    SIGN_IN_UNKNOWN = "sign_in_unknown"
    CONSENT_REFUSED = "consent_refused"
    BAD_ANSWER = "bad_answer"
    CODE_REFUSED = "code_refused"
    ANSWER_LOST = "answer_lost"
    COMPANY_TAKEN = "company_taken"
    WRONG_COMPANY = "wrong_company"
    COMPANY_REFUSED = "company_refused"


TEXTS: Mapping[ConnectCode, str] = {
    ConnectCode.BAD_CONNECTION_ID: "A connection's name has 1 to 40 letters, digits, dots, hyphens or underscores and "
    "begins with a letter or digit.",
    ConnectCode.UNKNOWN_CONNECTION: "There is no connection {connection}.",
    ConnectCode.PORTAL_NEEDED: "Connection {connection} is new: name the HubSpot portal that it is for.",
    ConnectCode.PORTAL_TAKEN: "HubSpot portal {portal} belongs to connection {other} already.",
    ConnectCode.WRONG_PORTAL: "This is of HubSpot portal {found}, not of portal {expected}. Nothing was changed.",
    ConnectCode.HUBSPOT_FIRST: "No token is stored for HubSpot portal {portal}: connect HubSpot first.",
    ConnectCode.TOKEN_EMPTY: "No token was given, or one with blanks in it.",
    ConnectCode.TOKEN_REFUSED: "HubSpot does not take this token. Copy it again from the app's page in HubSpot.",
    ConnectCode.MISSING_SCOPES: "The token lacks {scopes}. Add the scopes to the HubSpot app, and give its new token.",
    ConnectCode.SIGN_IN_UNKNOWN: "This sign-in was completed before, took longer than 15 minutes, or was begun by "
    "somebody else. Begin it again.",
    ConnectCode.CONSENT_REFUSED: "Intuit says that the sign-in was not agreed to. Nothing was changed.",
    ConnectCode.BAD_ANSWER: "This is not the address that Intuit sends a browser back to after a sign-in.",
    ConnectCode.CODE_REFUSED: "Intuit does not take the code of this sign-in any more. Begin it again.",
    ConnectCode.ANSWER_LOST: "Intuit's answer was lost, and the code of a sign-in counts once. Begin it again.",
    ConnectCode.COMPANY_TAKEN: "QuickBooks company {found} belongs to connection {other} already. Nothing was changed.",
    ConnectCode.WRONG_COMPANY: "The sign-in was to QuickBooks company {found}, but connection {connection} is of "
    "company {expected}. Sign in to that one, or make another connection. Nothing was changed.",
    ConnectCode.COMPANY_REFUSED: "QuickBooks does not open company {found} to this sign-in. Does the deployment speak "
    "to the sandbox, or to production, as the Intuit app's keys do? Nothing was changed.",
}


class ConnectProblem(Exception):
    """What a person tried cannot be done, or not in this way. `facts` fill the text of the code."""

    def __init__(self, code: ConnectCode, **facts: str) -> None:
        super().__init__(TEXTS[code].format(**facts))
        self.code = code
        self.facts = facts
