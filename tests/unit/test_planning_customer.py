"""Which customer an invoice belongs to, and which name a new one gets."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import COMPANY, CONTACT
from tieout.domain.attention import AttentionCode
from tieout.domain.customer import CustomerDraft, LedgerCustomer, NameHolder, Party, PartyKind
from tieout.domain.planning.customer import (
    MAX_NAME,
    CreateCustomer,
    CustomerPlan,
    UseCustomer,
    display_name,
    plan_after_clash,
    plan_customer,
    plan_remembered,
    suffixed_name,
)
from tieout.domain.planning.plan import Attend
from tieout.domain.settings import Settings

ANNA = LedgerCustomer("1", "Anna Muster", "anna@example.test", active=True)
SUFFIXED = "Anna Muster (anna@example.test)"


def plan(party: Party, *candidates: LedgerCustomer, **settings: Any) -> CustomerPlan:
    return plan_customer(party, candidates, Settings(**settings))


def code(found: CustomerPlan) -> AttentionCode:
    assert isinstance(found, Attend), found
    return found.code


def test_an_unknown_company_is_created_under_its_name() -> None:
    assert plan(COMPANY) == CreateCustomer(CustomerDraft("Acme Ltd", company_name="Acme Ltd"))


def test_an_unknown_contact_is_created_with_its_names_and_e_mail() -> None:
    assert plan(CONTACT) == CreateCustomer(
        CustomerDraft("Anna Muster", None, "Anna", "Muster", "anna@example.test")
    )  # fmt: skip


def test_e_mail_comes_before_name() -> None:
    named = replace(ANNA, id="2", email=None)
    mailed = replace(ANNA, id="3", name="A. Muster")
    assert plan(CONTACT, named, mailed) == UseCustomer("3", "e-mail")
    assert plan(CONTACT, named, mailed, match_customers_by_email=False) == UseCustomer("2", "name")


@pytest.mark.parametrize("email", ["ANNA@example.test", "Anna@Example.Test"])
def test_e_mail_and_name_are_compared_in_any_case_of_letters(email: str) -> None:
    assert plan(CONTACT, replace(ANNA, name="x", email=email)) == UseCustomer("1", "e-mail")
    assert plan(COMPANY, LedgerCustomer("4", "ACME LTD", None, active=True)) == UseCustomer("4", "name")


def test_several_customers_with_the_e_mail_are_told_apart_by_name() -> None:
    other = LedgerCustomer("2", "Muster GmbH", "anna@example.test", active=True)
    assert plan(CONTACT, other, ANNA) == UseCustomer("1", "e-mail and name")


def test_several_customers_with_the_e_mail_and_none_with_the_name_are_attention() -> None:
    one, other = replace(ANNA, name="Muster GmbH"), replace(ANNA, id="2", name="Muster Inc")
    found = plan(CONTACT, one, other)
    assert code(found) is AttentionCode.CUSTOMER_AMBIGUOUS
    assert found == Attend(AttentionCode.CUSTOMER_AMBIGUOUS, "Candidates: Muster GmbH (id 1), Muster Inc (id 2).")


def test_several_customers_with_the_name_are_attention() -> None:
    acme = LedgerCustomer("1", "Acme Ltd", None, active=True)
    assert code(plan(COMPANY, acme, replace(acme, id="2", name="ACME Ltd"))) is AttentionCode.CUSTOMER_AMBIGUOUS


def test_a_contact_is_not_another_person_of_the_same_name() -> None:
    namesake = replace(ANNA, email="anna@elsewhere.test")
    created = plan(CONTACT, namesake)
    assert isinstance(created, CreateCustomer)
    assert created.draft.name == SUFFIXED
    assert created.draft.email == CONTACT.email


def test_a_contact_is_matched_by_the_suffixed_name_that_it_was_given_after_a_clash() -> None:
    ours = replace(ANNA, name=SUFFIXED)
    namesake = replace(ANNA, id="2", email="anna@elsewhere.test")
    assert plan(CONTACT, namesake, ours, match_customers_by_email=False) == UseCustomer("1", "name")


@pytest.mark.parametrize(("mine", "theirs"), [(None, "x@example.test"), ("anna@example.test", None), (None, None)])
def test_a_contact_of_whom_one_side_knows_no_e_mail_is_matched_by_name(mine: str | None, theirs: str | None) -> None:
    assert plan(replace(CONTACT, email=mine), replace(ANNA, email=theirs)) == UseCustomer("1", "name")


def test_a_company_is_matched_by_name_whatever_the_e_mail() -> None:
    assert plan(COMPANY, LedgerCustomer("4", "Acme Ltd", "ap@acme.test", active=True)) == UseCustomer("4", "name")


def test_an_inactive_customer_is_never_used_but_holds_its_name() -> None:
    inactive = replace(ANNA, active=False)
    created = plan(CONTACT, inactive)
    assert isinstance(created, CreateCustomer)
    assert created.draft.name == SUFFIXED
    gone = LedgerCustomer("4", "Acme Ltd", None, active=False)
    assert code(plan(COMPANY, gone)) is AttentionCode.DUPLICATE_NAME


def test_with_creating_switched_off_an_unknown_customer_is_attention() -> None:
    assert code(plan(COMPANY, create_customers=False)) is AttentionCode.CUSTOMER_MISSING
    assert plan(CONTACT, ANNA, create_customers=False) == UseCustomer("1", "e-mail")


@pytest.mark.parametrize("name", ["", "  ", ":", "\t\n"])
def test_a_party_without_a_name_is_attention_and_with_an_e_mail_it_is_named_by_that(name: str) -> None:
    nameless = Party(PartyKind.CONTACT, "9", name)
    assert code(plan(nameless)) is AttentionCode.CUSTOMER_MISSING
    if not name:
        mailed = plan(replace(nameless, email="x@example.test"))
        assert isinstance(mailed, CreateCustomer)
        assert mailed.draft.name == "x@example.test"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Acme: Europe", "Acme Europe"),
        ("Acme:Europe", "Acme Europe"),
        ("Acme\t\r\n  Ltd ", "Acme Ltd"),
        ("Müller & Söhne “KG”", "Müller & Söhne “KG”"),
        ("x" * 501, "x" * 500),
    ],
)
def test_a_name_is_freed_of_what_the_ledger_forbids(name: str, shown: str) -> None:
    assert display_name(replace(COMPANY, name=name)) == shown


@given(st.text(max_size=700), st.none() | st.emails())
def test_no_name_is_too_long_or_holds_a_forbidden_character(name: str, email: str | None) -> None:
    party = replace(CONTACT, name=name, email=email)
    for shown in (display_name(party), suffixed_name(party) or ""):
        assert len(shown) <= MAX_NAME
        assert not set(shown) & set(":\t\r\n")
        assert shown == shown.lstrip()


def test_a_suffixed_name_keeps_the_whole_e_mail() -> None:
    long = suffixed_name(replace(CONTACT, name="x" * 600))
    assert long is not None
    assert len(long) == MAX_NAME
    assert long.endswith(" (anna@example.test)")
    assert suffixed_name(COMPANY) is None
    assert suffixed_name(Party(PartyKind.CONTACT, "9", "", "x@example.test")) is None


# -- remembered


@pytest.mark.parametrize(
    ("matched", "known", "used"),
    [
        (None, {"7"}, "7"),
        ("3", {"7"}, "7"),
        ("3", set(), "3"),
        ("3", {"3", "7"}, "3"),
        (None, set(), None),
    ],
)
def test_one_remembered_customer_counts_and_of_several_the_one_that_matches(
    matched: str | None, known: set[str], used: str | None
) -> None:
    made = CreateCustomer(CustomerDraft("Acme Ltd"))
    found = plan_remembered(UseCustomer(matched, "name") if matched else made, known)
    assert (found.id if isinstance(found, UseCustomer) else None) == used
    assert used or found == made


def test_several_remembered_customers_of_which_none_matches_are_attention_and_never_one_more() -> None:
    for found in (CreateCustomer(CustomerDraft("Acme Ltd")), UseCustomer("3", "name")):
        assert code(plan_remembered(found, {"10", "9"})) is AttentionCode.CUSTOMER_AMBIGUOUS


def test_the_records_that_were_merged_into_a_party_do_not_change_who_it_is() -> None:
    merged = replace(COMPANY, merged=("3", "7"))
    assert merged == COMPANY
    assert merged.former_origin_ids == ("company:3",)
    assert replace(merged, currency="EUR", foreign=True).former_origin_ids == ("company:3:EUR",)


# -- after a clash

HOLDERS = [NameHolder("Vendor", "31", "Anna Muster", active=True), NameHolder("Employee", "5", "x", active=False)]


def test_a_contact_whose_name_is_taken_gets_its_e_mail_as_a_suffix_once() -> None:
    again = plan_after_clash(CONTACT, "Anna Muster", HOLDERS)
    assert isinstance(again, CreateCustomer)
    assert again.draft.name == SUFFIXED
    assert code(plan_after_clash(CONTACT, SUFFIXED, HOLDERS)) is AttentionCode.DUPLICATE_NAME


def test_a_company_whose_name_is_taken_is_attention_that_names_the_holders() -> None:
    assert plan_after_clash(COMPANY, "Acme Ltd", HOLDERS) == Attend(
        AttentionCode.DUPLICATE_NAME, "“Acme Ltd” is held by Vendor 31, Employee 5 (inactive)."
    )
    unknown = plan_after_clash(COMPANY, "Acme Ltd", [])
    assert isinstance(unknown, Attend)
    assert "held by unknown" in unknown.detail


parties = st.builds(
    Party, st.sampled_from(PartyKind), st.just("9"), st.sampled_from(["Acme", "Anna", ""]),
    st.sampled_from([None, "a@x.test", "b@x.test"]),
)  # fmt: skip
candidates = st.lists(
    st.builds(
        LedgerCustomer,
        st.sampled_from(["1", "2", "3", "4"]),
        st.sampled_from(["Acme", "ANNA", "Other"]),
        st.sampled_from([None, "A@x.test", "b@x.test"]),
        st.booleans(),
    ),
    max_size=4,
    unique_by=lambda one: one.id,
)


@given(parties, candidates, st.booleans())
def test_a_customer_is_used_only_when_it_is_the_only_one_that_fits(
    party: Party, known: list[LedgerCustomer], by_email: bool
) -> None:
    found = plan(party, *known, match_customers_by_email=by_email)
    if isinstance(found, UseCustomer):
        [used] = [one for one in known if one.id == found.id]
        same_mail = (used.email or "").casefold() == (party.email or "-").casefold()
        assert used.active
        assert same_mail or used.name.casefold() == display_name(party).casefold()
        assert same_mail or party.kind is PartyKind.COMPANY or not (party.email and used.email)
    if isinstance(found, CreateCustomer):
        assert found.draft.name.casefold() not in {one.name.casefold() for one in known}
