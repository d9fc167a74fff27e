"""What a record's state means and what to do next, in a visitor's words."""

from __future__ import annotations

from collections.abc import Sequence

from tieout.console.language import Language, message
from tieout.console.words import CALLED
from tieout.domain.record import RecordKey, State, SyncRecord
from tieout.domain.status import WAITING, explanation_of

NEEDS_A_PERSON = (State.ATTENTION, State.DELETED_IN_LEDGER)
_MOST_NAMED = 5
_UNREADABLE = message(
    "A newer version of Tieout wrote these records, and this one cannot read them: {names}. They are left as they are. "
    "Deploy the newer version again, then retry them."
)


def told(language: Language, record: SyncRecord) -> Sequence[str]:
    """Sentences: what the state means, the figures as they were found (as the vendors or Tieout tell them), what to do
    next. Empty where the state says all."""
    found = explanation_of(record)
    if found is not None:
        return [one for one in (language.say(found.summary), record.detail, language.say(found.next_step)) if one]
    if record.reason in WAITING:
        return [one for one in (language.say(WAITING[record.reason]), record.detail) if one]
    return [record.detail] if record.detail else []


def summary(language: Language, record: SyncRecord) -> str:
    """Why a record needs a person, in a sentence; empty for one that needs nobody."""
    found = explanation_of(record)
    return language.say(found.summary) if found is not None else ""


def unreadable_told(language: Language, keys: Sequence[RecordKey]) -> str:
    """What is told of records that cannot be read; empty where there are none."""
    if not keys:
        return ""
    names = [f"{language.say(CALLED[one.kind])} {one.origin_id}" if one.kind in CALLED else str(one) for one in keys]
    rest = len(names) - _MOST_NAMED
    named = ", ".join(names[:_MOST_NAMED]) + (f" + {language.number(rest)}" if rest > 0 else "")
    return language.say(_UNREADABLE, names=named)
