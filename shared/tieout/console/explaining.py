"""What a record's state means and what to do next, in a visitor's words."""

from __future__ import annotations

from collections.abc import Sequence

from tieout.console.language import Language
from tieout.domain.attention import AttentionCode, Explanation, explanation
from tieout.domain.attention_mirrors import OF_MIRROR
from tieout.domain.record import Kind, State, SyncRecord
from tieout.domain.status import WAITING

NEEDS_A_PERSON = (State.ATTENTION, State.DELETED_IN_LEDGER)


def told(language: Language, record: SyncRecord) -> Sequence[str]:
    """Sentences: what the state means, the figures as they were found (as the vendors or Tieout tell them), what to do
    next. Empty where the state says all."""
    found = _explanation(record)
    if found is not None:
        return [one for one in (language.say(found.summary), record.detail, language.say(found.next_step)) if one]
    if record.reason in WAITING:
        return [one for one in (language.say(WAITING[record.reason]), record.detail) if one]
    return [record.detail] if record.detail else []


def summary(language: Language, record: SyncRecord) -> str:
    """Why a record needs a person, in a sentence; empty for one that needs nobody."""
    found = _explanation(record)
    return language.say(found.summary) if found is not None else ""


def _explanation(record: SyncRecord) -> Explanation | None:
    if record.state not in NEEDS_A_PERSON:
        return None
    code, key = AttentionCode(record.reason), record.key
    if key.kind is Kind.INVOICE and key.origin_system == "quickbooks" and code in OF_MIRROR:
        return OF_MIRROR[code]
    return explanation(code, of_payment=key.kind is Kind.PAYMENT and key.origin_system == "hubspot")
