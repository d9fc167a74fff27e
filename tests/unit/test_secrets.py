"""Secrets: read rarely, checked, rotated without a restart, and never shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.support import aws
from tests.support.memory import VirtualClock
from tieout.adapters.secrets.secrets import BadSecret, Secrets, VendorSecrets, WebhookSecrets
from tieout.domain.errors import ConnectionLost

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

WEBHOOK = {"hubspot_client_secrets": ["hush-hub"], "intuit_verifier_tokens": ["hush-old", "hush-new"]}
VENDOR = {
    "intuit_client_id": "client",
    "intuit_client_secret": "hush-intuit",
    "hubspot_tokens": {"11": "hush-portal"},
}


@dataclass
class Vault:
    client: SecretsManagerClient
    clock: VirtualClock
    secrets: Secrets

    def put(self, document: object) -> None:
        text = document if isinstance(document, str) else json.dumps(document)
        self.client.put_secret_value(SecretId="webhooks", SecretString=text)


@pytest.fixture
def vault() -> Iterator[Vault]:
    with aws.aws():
        client = aws.secrets_manager()
        client.create_secret(Name="webhooks", SecretString=json.dumps(WEBHOOK))
        client.create_secret(Name="vendors", SecretString=json.dumps(VENDOR))
        clock = VirtualClock()
        yield Vault(client, clock, Secrets(lambda: client, clock))


def test_both_secrets_are_read_by_their_own_form(vault: Vault) -> None:
    webhook = vault.secrets.read("webhooks", WebhookSecrets)
    vendor = vault.secrets.read("vendors", VendorSecrets)

    assert webhook.intuit_verifier_tokens == ["hush-old", "hush-new"]
    assert vendor.hubspot_tokens == {"11": "hush-portal"}


def test_a_secret_is_kept_for_five_minutes(vault: Vault) -> None:
    vault.secrets.read("webhooks", WebhookSecrets)
    vault.put({**WEBHOOK, "hubspot_client_secrets": ["hush-rotated"]})

    vault.clock.advance(299)
    assert vault.secrets.read("webhooks", WebhookSecrets).hubspot_client_secrets == ["hush-hub"]
    vault.clock.advance(1)
    assert vault.secrets.read("webhooks", WebhookSecrets).hubspot_client_secrets == ["hush-rotated"]


def test_a_rotation_is_seen_at_once_after_a_refresh(vault: Vault) -> None:
    vault.secrets.read("webhooks", WebhookSecrets)
    vault.put({**WEBHOOK, "hubspot_client_secrets": ["hush-rotated"]})
    vault.clock.advance(10)

    assert vault.secrets.refresh("webhooks")
    assert vault.secrets.read("webhooks", WebhookSecrets).hubspot_client_secrets == ["hush-rotated"]


def test_forged_requests_do_not_cause_a_read_each(vault: Vault) -> None:
    assert not vault.secrets.refresh("webhooks")
    vault.secrets.read("webhooks", WebhookSecrets)
    vault.clock.advance(9)

    assert not vault.secrets.refresh("webhooks")


def test_surrounding_blanks_from_a_paste_are_dropped(vault: Vault) -> None:
    vault.put({**WEBHOOK, "hubspot_client_secrets": [" hush-hub\n"]})

    assert vault.secrets.read("webhooks", WebhookSecrets).hubspot_client_secrets == ["hush-hub"]


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"hubspot_client_secrets": ["hush"]}, "intuit_verifier_tokens: is missing"),
        ({**WEBHOOK, "hubspot_client_secrets": []}, "hubspot_client_secrets: is empty"),
        ({**WEBHOOK, "hubspot_client_secrets": ["  "]}, "hubspot_client_secrets: is empty"),
        ({**WEBHOOK, "hubspot_client_secrets": ["hush"] * 3}, "hubspot_client_secrets: has more than two entries"),
        ({**WEBHOOK, "hubspot_client_secrets": "hush"}, "hubspot_client_secrets: has the wrong type"),
        ("hush, not JSON", "the whole secret: is not JSON"),
        ('["hush"]', "the whole secret: has the wrong type"),
    ],
)
def test_a_bad_secret_is_named_by_field_and_never_by_value(vault: Vault, document: object, problem: str) -> None:
    vault.put(document)

    with pytest.raises(BadSecret) as refused:
        vault.secrets.read("webhooks", WebhookSecrets)

    assert str(refused.value) == f"secret webhooks: {problem}"
    assert refused.value.__cause__ is refused.value.__context__ is None


def test_a_token_in_the_place_of_a_portal_id_is_not_shown(vault: Vault) -> None:
    vault.put({**VENDOR, "hubspot_tokens": {"hush-misplaced": 7}})

    with pytest.raises(BadSecret) as refused:
        vault.secrets.read("webhooks", VendorSecrets)

    assert "hush" not in str(refused.value)
    assert "hush" not in str(refused.value.context)


def test_a_bad_secret_makes_everything_wait_instead_of_failing(vault: Vault) -> None:
    vault.put({})
    with pytest.raises(ConnectionLost) as refused:
        vault.secrets.read("webhooks", VendorSecrets)
    assert "intuit_client_id: is missing" in refused.value.context["says"]


def test_printed_secrets_show_no_value(vault: Vault) -> None:
    shown = repr(vault.secrets.read("webhooks", WebhookSecrets)) + repr(vault.secrets.read("vendors", VendorSecrets))

    assert "hush" not in shown
