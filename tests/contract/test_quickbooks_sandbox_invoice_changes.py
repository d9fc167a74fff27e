"""The QuickBooks sandbox updates, voids, deletes and sends invoices as Intuit documents it."""

import pytest

from infra.sandbox.quickbooks.visitor import RefusedError
from tests.contract.test_quickbooks_sandbox_invoices import company, invoice, refused, sale


def test_a_deleted_invoice_frees_its_number_and_a_voided_one_holds_it() -> None:
    visitor = company(custom_txn_numbers=True)
    visitor.delete("Invoice", invoice(visitor, DocNumber="A"))
    visitor.void("Invoice", invoice(visitor, DocNumber="A"))
    with refused("6140"):
        invoice(visitor, DocNumber="A")


def test_a_full_update_empties_what_it_leaves_out_and_a_sparse_one_does_not() -> None:
    visitor = company()
    made = invoice(visitor, PrivateNote="mine", CustomerMemo={"value": "Thanks"})
    sparse = visitor.change("Invoice", made, CustomerMemo={"value": "Danke"})
    assert (sparse["PrivateNote"], sparse["SyncToken"]) == ("mine", "1")
    body = {"Id": made["Id"], "SyncToken": "1", "CustomerRef": {"value": "1"}, "Line": [sale("40")]}
    full = visitor.write("Invoice", body)
    assert "PrivateNote" not in full
    assert "CustomerMemo" not in full
    assert (full["TotalAmt"], full["SyncToken"], full["DocNumber"]) == (40, "2", made["DocNumber"])
    cleared = visitor.change("Invoice", visitor.change("Invoice", full, PrivateNote="again"), PrivateNote="")
    assert "PrivateNote" not in cleared


def test_a_full_update_still_needs_what_a_create_needs() -> None:
    visitor = company()
    made = invoice(visitor)
    with refused("2020"):
        visitor.write("Invoice", {"Id": made["Id"], "SyncToken": "0", "PrivateNote": "x"})


def test_lines_are_replaced_as_a_whole_and_keep_their_ids() -> None:
    visitor = company()
    made = invoice(visitor, sale("10"), sale("20"))
    second = made["Line"][1]
    changed = visitor.change("Invoice", made, Line=[{**sale("25"), "Id": second["Id"]}, sale("1")])
    assert [line.get("Id") for line in changed["Line"]] == ["2", "3", None]
    assert changed["TotalAmt"] == 26


def test_lines_of_a_sparse_update_are_merged_when_so_set() -> None:
    visitor = company(sparse_lines="merge")
    made = invoice(visitor, sale("10"), sale("20"))
    changed = visitor.change("Invoice", made, Line=[{**sale("25"), "Id": "2"}])
    assert changed["TotalAmt"] == 35


def test_a_stale_or_missing_sync_token_is_refused() -> None:
    visitor = company()
    made = invoice(visitor)
    visitor.change("Invoice", made, PrivateNote="first")
    with pytest.raises(RefusedError) as caught:
        visitor.change("Invoice", made, PrivateNote="second")
    assert (caught.value.code, caught.value.status) == ("5010", 400)
    assert caught.value.detail == (
        "Stale Object Error : You and root were working on this at the same time. root finished before you did, "
        "so your work was not saved."
    )
    with refused("2020"):
        visitor.write("Invoice", {"Id": made["Id"], "sparse": True, "PrivateNote": "third"})
    assert visitor.read("Invoice", made["Id"])["PrivateNote"] == "first"


def test_a_void_leaves_the_invoice_with_nothing_on_it() -> None:
    visitor = company()
    made = invoice(visitor, sale("30", "3", "10"), PrivateNote="tieout")
    gone = visitor.void("Invoice", made)
    assert (gone["TotalAmt"], gone["Balance"], gone["SyncToken"]) == (0, 0, "1")
    assert gone["PrivateNote"].startswith("Voided")
    assert gone["PrivateNote"].endswith("tieout")
    assert [line["Amount"] for line in gone["Line"]] == [0, 0]
    assert gone["DocNumber"] == made["DocNumber"]
    assert visitor.read("Customer", "1")["Balance"] == 0
    assert visitor.void("Invoice", gone)["PrivateNote"] == gone["PrivateNote"]


def test_an_invoice_is_not_voided_in_the_way_of_payments() -> None:
    visitor = company()
    made = invoice(visitor)
    body = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    kept = visitor.write("Invoice", body, operation="update", include="void")
    assert (kept["TotalAmt"], kept["SyncToken"]) == (100, "1")


def test_sending_an_invoice_marks_it_and_moves_its_token() -> None:
    visitor = company()
    made = invoice(visitor)
    path = f"invoice/{made['Id']}/send"
    assert visitor.call("POST", path).json()["Fault"]["Error"][0]["code"] == "6000"
    assert visitor.call("POST", path, sendTo="nobody").json()["Fault"]["Error"][0]["code"] == "2210"
    sent = visitor.call("POST", path, sendTo="amy@birds.test").json()["Invoice"]
    assert (sent["EmailStatus"], sent["BillEmail"], sent["SyncToken"]) == (
        "EmailSent",
        {"Address": "amy@birds.test"},
        "1",
    )
    assert sent["DeliveryInfo"]["DeliveryType"] == "Email"


def test_an_id_is_a_number() -> None:
    with refused("2030"):
        company().read("Invoice", "first")


def test_a_deleted_invoice_is_another_users_doing() -> None:
    visitor = company()
    made = invoice(visitor)
    assert visitor.delete("Invoice", made) == {"domain": "QBO", "status": "Deleted", "Id": made["Id"]}
    deleted = "610 Object Not Found : Another user has deleted this transaction"
    with pytest.raises(RefusedError, match=deleted):
        visitor.read("Invoice", made["Id"])
    with pytest.raises(RefusedError, match=deleted):
        visitor.change("Invoice", made, PrivateNote="late")
    with pytest.raises(RefusedError, match="610 Object Not Found : Something you're trying to use"):
        visitor.read("Invoice", "777")


@pytest.mark.parametrize("code", ["6200", "6210"])
def test_the_closed_books_stay_closed(code: str) -> None:
    visitor = company(closed_period_code=code)
    old = invoice(visitor, TxnDate="2026-09-30")
    new = invoice(visitor, TxnDate="2026-10-01")
    preferences = visitor.read("Preferences", "1")
    accounting = {**preferences["AccountingInfoPrefs"], "BookCloseDate": "2026-09-30"}
    visitor.change("Preferences", preferences, AccountingInfoPrefs=accounting)
    with refused(code):
        invoice(visitor, TxnDate="2026-09-30")
    with refused(code):
        visitor.change("Invoice", old, PrivateNote="x")
    with refused(code):
        visitor.change("Invoice", old, TxnDate="2026-11-01")
    with refused(code):
        visitor.change("Invoice", new, TxnDate="2026-09-01")
    with refused(code):
        visitor.void("Invoice", old)
    with refused(code):
        visitor.delete("Invoice", old)
    assert visitor.change("Invoice", new, PrivateNote="x")["PrivateNote"] == "x"
