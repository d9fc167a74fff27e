"""What connecting and the trail need of every store: one suite for the store in memory and the one in DynamoDB."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.support import aws
from tests.support.memory import MemoryConnections, MemoryRecords, MemoryTokens, VirtualClock
from tests.support.memory_connecting import MemorySignIns, MemoryTrail
from tieout.adapters.dynamodb.connections import DynamoConnections
from tieout.adapters.dynamodb.errors import BadPageToken, UnknownConnection
from tieout.adapters.dynamodb.records import DynamoRecords
from tieout.adapters.dynamodb.sign_ins import DynamoSignIns
from tieout.adapters.dynamodb.tokens import DynamoTokens
from tieout.adapters.dynamodb.trail import DynamoTrail
from tieout.adapters.secrets.portal_tokens import PortalTokens
from tieout.adapters.secrets.secrets import BadSecret, VendorSecrets
from tieout.domain.company import Connection
from tieout.domain.record import Kind, RecordKey, SyncRecord
from tieout.ports import AuditEntry, Records, TokenSet
from tieout.ports.audit import DEPLOYMENT, AuditLine, Trail
from tieout.ports.connecting import ConnectedTokens, ConnectionBook, SignIn, SignIns

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SIGN_IN = SignIn("acme", "7", "US/Eastern", "https://x.test/back", "browser", "Ada", NOW + timedelta(minutes=15))
TOKENS = TokenSet("access", "refresh", NOW + timedelta(hours=1))


@dataclass
class Store:
    records: Records
    connections: ConnectionBook
    tokens: ConnectedTokens
    sign_ins: SignIns
    trail: Trail
    clock: VirtualClock


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    clock = VirtualClock(NOW)
    if request.param == "memory":
        records = MemoryRecords()
        yield Store(
            records, MemoryConnections(), MemoryTokens(clock), MemorySignIns(clock), MemoryTrail(records), clock
        )
        return
    with aws.table() as client:
        yield Store(
            DynamoRecords(client, aws.TABLE, clock),
            DynamoConnections(client, aws.TABLE, clock),
            DynamoTokens(client, aws.TABLE, clock),
            DynamoSignIns(client, aws.TABLE, clock),
            DynamoTrail(client, aws.TABLE, clock),
            clock,
        )


# -- sign-ins


def test_a_sign_in_is_taken_once_by_its_holder_and_in_time(store: Store) -> None:
    store.sign_ins.keep("secret", SIGN_IN)
    assert store.sign_ins.take("another", "browser") is None
    assert store.sign_ins.take("secret", "another browser") is None
    assert store.sign_ins.take("secret", "browser") == SIGN_IN
    assert store.sign_ins.take("secret", "browser") is None


def test_a_sign_in_ends_at_its_time_even_while_its_item_is_still_there(store: Store) -> None:
    store.sign_ins.keep("secret", SIGN_IN)
    store.clock.advance(15 * 60)
    assert store.sign_ins.take("secret", "browser") is None


def test_the_table_does_not_hold_the_state_of_a_sign_in() -> None:
    with aws.table() as client:
        DynamoSignIns(client, aws.TABLE, VirtualClock(NOW)).keep("the-secret-state", SIGN_IN)
        [item] = client.scan(TableName=aws.TABLE)["Items"]
        assert "the-secret-state" not in json.dumps(item)
        assert item["expires_at"] == {"N": str(int(SIGN_IN.expires_at.timestamp()))}


# -- tokens


def test_tokens_of_a_new_sign_in_are_the_next_version_whatever_is_stored(store: Store) -> None:
    for version in (1, 2, 3):
        store.tokens.replace("acme", TOKENS)
        assert store.tokens.load("acme") == replace(TOKENS, version=version)


def test_removed_tokens_are_gone_and_their_version_does_not_come_again(store: Store) -> None:
    store.tokens.replace("acme", TOKENS)
    store.tokens.remove("acme")
    assert store.tokens.load("acme") is None
    assert not _save(store, replace(TOKENS, version=2))
    assert store.tokens.load("acme") is None
    store.tokens.replace("acme", TOKENS)
    assert store.tokens.load("acme") == replace(TOKENS, version=3)


def test_tokens_that_are_not_there_can_be_removed_twice(store: Store) -> None:
    store.tokens.remove("acme")
    store.tokens.remove("acme")
    assert store.tokens.load("acme") is None


def _save(store: Store, tokens: TokenSet) -> bool:
    assert isinstance(store.tokens, MemoryTokens | DynamoTokens)
    return store.tokens.save("acme", tokens)


# -- connections


def test_a_paused_connection_is_so_wherever_it_is_looked_for_until_it_is_added_again(store: Store) -> None:
    one = Connection("acme", "7", "9", "US/Eastern", NOW)
    store.connections.add_connection(one)
    store.connections.pause("acme")
    store.connections.pause("acme")
    assert _everywhere(store) == [replace(one, paused=True)] * 3
    store.connections.add_connection(one)
    assert _everywhere(store) == [one] * 3


def _everywhere(store: Store) -> list[Connection | None]:
    return [store.connections.get("acme"), store.connections.by_portal("7"), store.connections.by_realm("9")]


def test_only_a_connection_that_is_there_can_be_paused(store: Store) -> None:
    with pytest.raises(UnknownConnection):
        store.connections.pause("acme")
    assert store.connections.get("acme") is None


# -- the trail


def line(action: str, at: datetime) -> AuditEntry:
    return AuditEntry(at, "Ada", action, "trace", {"before": "a", "after": "b"})


def written(store: Store, id_: str, at: datetime) -> AuditLine:
    """A record with a line beside it."""
    key = RecordKey("acme", Kind.INVOICE, "hubspot", id_)
    entry = line(f"created {id_}", at)
    store.records.put(SyncRecord(key=key, updated_at=at), entry)
    return AuditLine("acme", key, entry)


def test_the_trail_lists_lines_of_records_and_of_the_connection_newest_first(store: Store) -> None:
    first = written(store, "1", NOW)
    store.trail.add("acme", line("paused", NOW + timedelta(minutes=1)))
    store.trail.add("other", line("paused", NOW))
    store.trail.add(DEPLOYMENT, line("made a link", NOW))
    last = written(store, "2", NOW + timedelta(minutes=2))
    page = store.trail.between("acme", NOW, NOW + timedelta(days=1))
    between = AuditLine("acme", None, line("paused", NOW + timedelta(minutes=1)))
    assert (page.lines, page.next) == ((last, between, first), None)
    [own] = store.trail.between(DEPLOYMENT, NOW, NOW + timedelta(days=1)).lines
    assert own.entry.action == "made a link"


def test_the_trail_is_listed_from_a_time_to_before_another(store: Store) -> None:
    for minutes in range(4):
        store.trail.add("acme", line(f"{minutes}", NOW + timedelta(minutes=minutes)))
    page = store.trail.between("acme", NOW + timedelta(minutes=1), NOW + timedelta(minutes=3))
    assert [one.entry.action for one in page.lines] == ["2", "1"]


def test_the_trail_is_paged_over_the_turns_of_months_without_gap_or_repetition(store: Store) -> None:
    times = [NOW - timedelta(days=days) for days in (0, 1, 2, 3, 35, 36, 100)]
    for number, at in enumerate(times):
        store.trail.add("acme", line(f"{number}", at)) if number % 2 else written(store, f"{number}", at)
    for limit in (1, 2, 3, 7):
        seen: list[datetime] = []
        after = None
        for _ in range(10):
            page = store.trail.between("acme", NOW - timedelta(days=400), NOW + timedelta(days=1), limit, after)
            assert len(page.lines) <= limit
            seen += [one.entry.at for one in page.lines]
            after = page.next
            if after is None:
                break
        assert seen == times


def test_lines_of_one_moment_are_all_listed(store: Store) -> None:
    for number in range(5):
        store.trail.add("acme", line(f"{number}", NOW))
    assert len(store.trail.between("acme", NOW, NOW + timedelta(seconds=1)).lines) == 5


@pytest.mark.parametrize("mark", ["x", "", "W10="])
def test_a_mark_that_no_listing_gave_is_refused(mark: str) -> None:
    with aws.table() as client, pytest.raises(BadPageToken):
        DynamoTrail(client, aws.TABLE, VirtualClock(NOW)).between("acme", NOW, NOW + timedelta(days=1), 10, mark)


def test_a_mark_of_another_connection_is_refused() -> None:
    with aws.table() as client:
        trail = DynamoTrail(client, aws.TABLE, VirtualClock(NOW))
        for _ in range(3):
            trail.add("other", line("paused", NOW))
        mark = trail.between("other", NOW, NOW + timedelta(days=1), 1).next
        with pytest.raises(BadPageToken):
            trail.between("acme", NOW, NOW + timedelta(days=1), 10, mark)


# -- HubSpot's tokens


@dataclass
class Vault:
    """A secret with a text."""

    text: str

    def __enter__(self) -> PortalTokens:
        self._aws = aws.aws()
        self._aws.__enter__()
        self.client = aws.secrets_manager()
        self.client.create_secret(Name="vendor", SecretString=self.text)
        return PortalTokens(lambda: self.client, "vendor")

    def __exit__(self, *_: object) -> None:
        self.stored = json.loads(self.client.get_secret_value(SecretId="vendor")["SecretString"] or "null")
        self._aws.__exit__(None, None, None)


FRESH = '{"intuit_client_id": "", "intuit_client_secret": "", "hubspot_tokens": {}, "of_later": [1]}'


def test_a_portals_token_is_kept_beside_everything_else_in_the_secret() -> None:
    vault = Vault(FRESH)
    with vault as tokens:
        assert tokens.token("7") is None
        tokens.keep("7", "pat-1")
        tokens.keep("8", "pat-2")
        tokens.keep("7", "pat-3")
        assert tokens.token("7") == "pat-3"
    assert vault.stored == {**json.loads(FRESH), "hubspot_tokens": {"7": "pat-3", "8": "pat-2"}}
    complete = {**vault.stored, "intuit_client_id": "i", "intuit_client_secret": "s"}
    assert VendorSecrets.model_validate(complete).hubspot_tokens == {"7": "pat-3", "8": "pat-2"}


def test_a_portals_token_is_forgotten_alone() -> None:
    vault = Vault('{"hubspot_tokens": {"7": "pat-1", "8": "pat-2"}}')
    with vault as tokens:
        assert tokens.forget("7")
        assert not tokens.forget("7")
    assert vault.stored == {"hubspot_tokens": {"8": "pat-2"}}


@pytest.mark.parametrize("text", ["hush", "[]", '{"hubspot_tokens": ["hush"]}'])
def test_a_secret_in_another_form_is_told_without_its_values(text: str) -> None:
    with aws.aws():
        client = aws.secrets_manager()
        client.create_secret(Name="vendor", SecretString=text)
        with pytest.raises(BadSecret) as raised:
            PortalTokens(lambda: client, "vendor").keep("7", "pat-1")
        assert "hush" not in str(raised.value) + repr(raised.value.context)
        assert client.get_secret_value(SecretId="vendor")["SecretString"] == text
