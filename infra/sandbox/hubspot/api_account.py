"""The endpoints about the account: its details, and its tax rates."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug import Response

from infra.sandbox.hubspot.call import Call
from infra.sandbox.hubspot.config import TaxRate
from infra.sandbox.hubspot.errors import HubSpotError, invalid, not_found
from infra.sandbox.hubspot.object_types import TAX_RATES_SCOPE
from infra.sandbox.kernel.wire import json_response

RATES_PAGE = 100
TOKEN_INFO_PATH = "/oauth/v2/private-apps/get/access-token-info"  # noqa: S105 - a path
_CREATED = "2025-01-01T00:00:00.000Z"


def account_details(call: Call) -> Response:
    """GET /account-info/…/details; every token may."""
    config = call.config
    offset = call.store.now().astimezone(ZoneInfo(config.time_zone)).utcoffset() or timedelta()
    minutes = int(offset.total_seconds()) // 60
    return json_response(
        {
            "portalId": config.portal_id,
            "accountType": config.account_type,
            "timeZone": config.time_zone,
            "companyCurrency": config.currency,
            "additionalCurrencies": list(config.additional_currencies),
            "utcOffset": f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}",
            "utcOffsetMilliseconds": minutes * 60_000,
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "na1",
        }
    )


def token_info(call: Call) -> Response:
    """POST /oauth/v2/private-apps/get/access-token-info: whose the token in `tokenKey` is and what it may do."""
    config, token = call.config, call.body().get("tokenKey")
    if config.token_info_status is not None:
        raise HubSpotError(config.token_info_status, None, "no such endpoint for this kind of token")
    if not isinstance(token, str) or token not in config.tokens:
        raise invalid("tokenKey is not a token of this account")
    scopes = sorted(config.tokens[token])
    return json_response({"userId": 1, "hubId": config.portal_id, "appId": config.app_id, "scopes": scopes})


def _rate(rate: TaxRate) -> dict[str, Any]:
    return {
        "id": rate.rate_id,
        "name": rate.name,
        "label": rate.label,
        "percentageRate": rate.percentage,
        "active": rate.active,
        "createdAt": _CREATED,
        "updatedAt": _CREATED,
    }


def list_tax_rates(call: Call) -> Response:
    """GET /tax-rates/…/tax-rates?active=&after=&limit=."""
    call.require(frozenset({TAX_RATES_SCOPE}))
    limit, after = call.whole("limit", RATES_PAGE, RATES_PAGE), call.request.args.get("after", "0")
    if not after.isdecimal():
        raise invalid(f"after is not a cursor of this list: {after}")
    rates = sorted(call.config.tax_rates, key=lambda rate: int(rate.rate_id))
    if "active" in call.request.args:
        active = call.flag("active")
        rates = [rate for rate in rates if rate.active == active]
    rates = [rate for rate in rates if int(rate.rate_id) > int(after)]
    answer: dict[str, Any] = {"results": [_rate(rate) for rate in rates[:limit]]}
    if len(rates) > limit:
        answer["paging"] = call.next_link(rates[limit - 1].rate_id)
    return json_response(answer)


def read_tax_rate(call: Call, rate_id: str) -> Response:
    """GET /tax-rates/…/tax-rates/{id}."""
    call.require(frozenset({TAX_RATES_SCOPE}))
    for rate in call.config.tax_rates:
        if rate.rate_id == rate_id:
            return json_response(_rate(rate))
    raise not_found(f"Tax rate {rate_id} does not exist")
