"""What the HubSpot invoice shows of its sync."""

from dataclasses import replace
from itertools import combinations

import pytest

from tests.support.builders import a_link, a_record
from tieout.domain.attention import ATTENTION, OF_PAYMENT, AttentionCode
from tieout.domain.record import Kind, RecordKey, State
from tieout.domain.status import ShownState, ShownStatus, explain, shown_status

SHOWN = {
    State.SEEN: "working",
    State.PLANNED: "working",
    State.WRITING: "working",
    State.VERIFYING: "working",
    State.WAITING: "working",
    State.SYNCED: "in_sync",
    State.SYNCED_WITH_VARIANCE: "in_sync",
    State.ATTENTION: "needs_attention",
    State.DELETED_IN_LEDGER: "needs_attention",
    State.IGNORED: "excluded",
    State.VOIDED: "voided",
}


@pytest.mark.parametrize("state", State)
def test_every_state_is_shown_in_a_word(state: State) -> None:
    reason = AttentionCode.DELETED_IN_QUICKBOOKS if SHOWN[state] == "needs_attention" else "why"
    assert shown_status(a_record(state, reason=reason), "").status == SHOWN[state]


def test_every_word_is_used() -> None:
    assert set(SHOWN.values()) == {str(one) for one in ShownState}


@pytest.mark.parametrize("code", AttentionCode)
def test_attention_says_what_is_wrong_then_the_figures_then_what_to_do(code: AttentionCode) -> None:
    text = ATTENTION[code]
    assert text.summary.endswith(".")
    assert text.next_step.endswith(".")
    told = explain(a_record(State.ATTENTION, reason=code, detail="HubSpot says 1.00 USD."))
    assert told == f"{text.summary} HubSpot says 1.00 USD. {text.next_step}"
    assert explain(a_record(State.ATTENTION, reason=code)) == f"{text.summary} {text.next_step}"


PAYMENT_CODES = [*OF_PAYMENT, AttentionCode.OVERPAYMENT, AttentionCode.REFUND_DIFFERS]


@pytest.mark.parametrize("code", PAYMENT_CODES)
def test_what_is_wrong_with_a_payment_is_not_told_of_an_invoice(code: AttentionCode) -> None:
    key = RecordKey("c1", Kind.PAYMENT, "hubspot", "1")
    record = a_record(State.ATTENTION, key=key, reason=code, detail="Figures.")
    text = explain(record)
    assert "this invoice" not in text
    assert "Figures." in text
    assert (text == explain(replace(record, key=a_record().key))) == (code not in OF_PAYMENT)


def test_every_attention_code_is_explained_once() -> None:
    assert set(ATTENTION) == set(AttentionCode)
    assert len({text.summary for text in ATTENTION.values()}) == len(AttentionCode)


def test_other_states_tell_their_detail_alone() -> None:
    assert explain(a_record(State.IGNORED, reason="draft", detail="The invoice is still a draft.")) == (
        "The invoice is still a draft."
    )
    assert not explain(a_record(State.SYNCED))


def test_the_number_and_the_link_of_the_invoice_are_shown() -> None:
    status = shown_status(a_record(link=a_link()), "https://app.test/7")
    assert (status.number, status.url) == ("INV-1001", "https://app.test/7")
    assert not shown_status(a_record(link=replace(a_link(), number=None)), "").number
    assert not shown_status(a_record(link=None), "").number


def test_statuses_that_look_the_same_have_the_same_fingerprint_and_no_others() -> None:
    base = ShownStatus(ShownState.IN_SYNC, "m", "1", "u")
    others = [
        replace(base, status=ShownState.WORKING),
        replace(base, message="m2"),
        replace(base, number="2"),
        replace(base, url="v"),
        replace(base, number="", url="1u"),
        replace(base, message="m1", number=""),
    ]
    assert base.fingerprint == replace(base).fingerprint
    assert all(one.fingerprint != other.fingerprint for one, other in combinations([base, *others], 2))
