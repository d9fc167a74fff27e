"""HubSpot's webhook signature: the published vectors, the window, and that nothing can be changed unnoticed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tieout.adapters.hubspot.signature import decoded_uri, sign, verify
from tieout.domain.errors import Malformed

# HubSpot's own example ("Validating requests").
SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
URL = "https://www.example.com/webhook_uri"
BODY = b"{'example_field':'example_value'}"
TIMESTAMP = "1693657560000"
SIGNATURE = "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="
NOW = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(TIMESTAMP))


def check(
    *,
    method: str = "POST",
    url: str = URL,
    body: bytes = BODY,
    timestamp: str | None = TIMESTAMP,
    signature: str | None = SIGNATURE,
    secrets: tuple[str, ...] = (SECRET,),
    now: datetime = NOW,
) -> str:
    """The reason of the refusal, "" when it is accepted."""
    try:
        verify(method=method, url=url, body=body, timestamp=timestamp, signature=signature, secrets=secrets, now=now)
    except Malformed as refusal:
        return refusal.context["reason"]
    return ""


def test_hubspots_own_example_is_accepted() -> None:
    assert check() == ""


def test_a_webhook_of_invoices_is_accepted() -> None:
    body = (
        b'[{"eventId":100,"subscriptionId":12345,"portalId":62515,"appId":54321,"occurredAt":1790000000000,'
        b'"subscriptionType":"object.propertyChange","attemptNumber":0,"objectId":44446244097,"objectTypeId":"0-53",'
        b'"propertyName":"hs_invoice_status","propertyValue":"open","changeSource":"CRM_UI","sourceId":"userId:1"}]'
    )
    signature = "uMnXxpYe9pZolUYmJGnNAWAyxD2fOMiLbssH8Gf8BfA="
    url = "https://sync.example.test/webhooks/hubspot"
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=1790000001000)
    assert (
        check(url=url, body=body, timestamp="1790000001000", signature=signature, secrets=("test-secret",), now=at)
        == ""
    )


@pytest.mark.parametrize(
    "older",
    [
        # Versions 1 and 2 of the same requests, as HubSpot publishes them.
        "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de",
        "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900",
    ],
)
def test_a_signature_of_an_older_version_is_refused(older: str) -> None:
    assert check(signature=older, body=b'{"example_field":"example_value"}') == "signature_differs"


@pytest.mark.parametrize(("seconds", "reason"), [(300, ""), (-300, ""), (300.001, "out"), (-300.001, "out")])
def test_five_minutes_either_way_are_allowed(seconds: float, reason: str) -> None:
    expected = "timestamp_out_of_window" if reason else ""
    assert check(now=NOW + timedelta(seconds=seconds)) == expected


@pytest.mark.parametrize("timestamp", ["", None])
def test_a_missing_timestamp_is_refused(timestamp: str | None) -> None:
    assert check(timestamp=timestamp) == "timestamp_missing"


@pytest.mark.parametrize("timestamp", ["now", "-1693657560000", "1693657560000 ", "1693657560.0", "١٦٩٣", "9" * 5000])
def test_a_timestamp_that_is_no_number_is_refused(timestamp: str) -> None:
    assert check(timestamp=timestamp) == "timestamp_malformed"


@pytest.mark.parametrize("signature", ["", None])
def test_a_missing_signature_is_refused(signature: str | None) -> None:
    assert check(signature=signature) == "signature_missing"


@pytest.mark.parametrize("signature", ["x", SIGNATURE[:-1], f"{SIGNATURE} ", SIGNATURE.lower(), "é", "\udcff", "="])
def test_a_signature_of_another_form_is_refused(signature: str) -> None:
    assert check(signature=signature) == "signature_differs"


def test_while_a_secret_is_rotated_both_are_accepted() -> None:
    assert check(secrets=("new", SECRET)) == ""
    assert check(secrets=(SECRET, "new")) == ""
    assert check(secrets=("new", "newer")) == "signature_differs"


@pytest.mark.parametrize("secrets", [(), ("",)])
def test_without_a_secret_nobody_is_believed(secrets: tuple[str, ...]) -> None:
    forged = sign(method="POST", url=URL, body=BODY, timestamp=TIMESTAMP, secret="")
    assert check(secrets=secrets, signature=forged) == "no_secret"


def test_the_method_counts() -> None:
    assert check(method="PUT") == "signature_differs"


@pytest.mark.parametrize(
    ("uri", "decoded"),
    [
        ("https://x.test/a%3Ab%2Fc", "https://x.test/a:b/c"),
        ("https://x.test/?q=%3F%40%21%24%27%28%29%2A%2C%3B", "https://x.test/?q=?@!$'()*,;"),
        ("https://x.test/?q=%3a", "https://x.test/?q=:"),
        # Once only, and nothing else.
        ("https://x.test/?q=%253A", "https://x.test/?q=%253A"),
        ("https://x.test/?q=%20%26%3D%2B%25", "https://x.test/?q=%20%26%3D%2B%25"),
        ("https://x.test/%2%3A%", "https://x.test/%2:%"),
    ],
)
def test_only_hubspots_sequences_are_decoded(uri: str, decoded: str) -> None:
    assert decoded_uri(uri) == decoded


def test_the_reason_is_all_that_is_told() -> None:
    with pytest.raises(Malformed) as raised:
        verify(method="POST", url=URL, body=BODY, timestamp=TIMESTAMP, signature="x", secrets=(SECRET,), now=NOW)
    assert SECRET not in f"{raised.value} {raised.value.detail} {raised.value.context}"


texts = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="%"), min_size=1, max_size=30)


def flipped(data: bytes, bit: int) -> bytes:
    position = bit % (len(data) * 8)
    changed = bytearray(data)
    changed[position // 8] ^= 1 << (position % 8)
    return bytes(changed)


@given(st.binary(min_size=1, max_size=200), texts, texts, st.integers(0, 10**6))
def test_no_bit_of_a_signed_request_can_be_changed(body: bytes, path: str, secret: str, bit: int) -> None:
    url = f"https://x.test/{path}"
    signature = sign(method="POST", url=url, body=body, timestamp=TIMESTAMP, secret=secret)

    def changed(text: str) -> str:
        other = flipped(text.encode("ascii"), bit).decode("latin-1")
        assume("%" not in other)
        return other

    assert check(url=url, body=body, signature=signature, secrets=(secret,)) == ""
    assert check(url=url, body=flipped(body, bit), signature=signature, secrets=(secret,)) == "signature_differs"
    assert check(url=changed(url), body=body, signature=signature, secrets=(secret,)) == "signature_differs"
    assert check(url=url, body=body, signature=changed(signature), secrets=(secret,)) == "signature_differs"
    assert check(url=url, body=body, signature=signature, secrets=(changed(secret),)) == "signature_differs"
    for refused in (changed(TIMESTAMP), str(int(TIMESTAMP) + 1)):
        assert check(url=url, body=body, signature=signature, secrets=(secret,), timestamp=refused) != ""


@given(st.binary(max_size=200), st.text(max_size=50), st.text(max_size=50))
def test_whatever_arrives_is_refused_in_an_orderly_way(body: bytes, timestamp: str, signature: str) -> None:
    assert check(body=body, timestamp=timestamp, signature=signature) != ""
