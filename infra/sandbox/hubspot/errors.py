"""HubSpot's refusals: one exception that carries what the error body says, and one builder for each known situation."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

ErrorDetails = Sequence[Mapping[str, Any]]
_NOTHING: Mapping[str, Any] = {}


class HubSpotError(Exception):
    """A refusal; `body` gives the answer's JSON (error-handling guide), `item` its form inside a batch answer."""

    def __init__(
        self,
        status: int,
        category: str | None,
        message: str,
        *,
        sub_category: str | None = None,
        errors: ErrorDetails = (),
        context: Mapping[str, Any] = _NOTHING,
        links: Mapping[str, str] = _NOTHING,
        extra: Mapping[str, Any] = _NOTHING,
    ) -> None:
        super().__init__(message)
        self.status, self.category, self.message, self.sub_category = status, category, message, sub_category
        self.errors, self.context, self.links, self.extra = errors, context, links, extra

    def body(self, correlation_id: str) -> dict[str, Any]:
        """The answer's JSON; keys without content are left out, as HubSpot does."""
        parts = {
            "status": "error",
            "message": self.message,
            "correlationId": correlation_id,
            "category": self.category,
            "subCategory": self.sub_category,
            "errors": list(self.errors),
            "context": dict(self.context),
            "links": dict(self.links),
            **self.extra,
        }
        return {key: value for key, value in parts.items() if value}

    def item(self, item_id: str, trace_id: str | None) -> dict[str, Any]:
        """The refusal as one of the `errors` of a batch answer."""
        context = dict(self.context)
        if trace_id is not None:
            context["objectWriteTraceId"] = [trace_id]
        return {
            "status": "error",
            "id": item_id,
            "category": self.category or "VALIDATION_ERROR",
            "message": self.message,
            "errors": list(self.errors),
            "context": context,
            "links": dict(self.links),
        }


def invalid(message: str, *, code: str | None = None, context: Mapping[str, Any] = _NOTHING) -> HubSpotError:
    """400 VALIDATION_ERROR; with a code the same text is repeated as an item of `errors`."""
    details = [{"message": message, "code": code, **({"context": dict(context)} if context else {})}] if code else []
    return HubSpotError(400, "VALIDATION_ERROR", message, errors=details)


def malformed(message: str) -> HubSpotError:
    """400 for a body or parameter of the wrong form."""
    return HubSpotError(400, "VALIDATION_ERROR", f"Invalid input JSON: {message}")


def bad_values(problems: Iterable[Mapping[str, str]]) -> HubSpotError:
    """400 for property values; `problems` have message, error (the code) and name."""
    listed = [
        {
            "isValid": False,
            "message": problem["message"],
            "error": problem["error"],
            "name": problem["name"],
            "localizedErrorMessage": problem["message"],
        }
        for problem in problems
    ]
    details = [
        {
            "message": problem["message"],
            "code": problem["error"],
            "context": {"propertyName": [problem["name"]]},
        }
        for problem in listed
    ]
    text = json.dumps(listed, separators=(",", ":"))
    return HubSpotError(400, "VALIDATION_ERROR", f"Property values were not valid: {text}", errors=details)


def missing_required(type_name: str, names: Sequence[str]) -> HubSpotError:
    """400 MISSING_REQUIRED_PROPERTY on creation."""
    message = f"Error creating {type_name.upper()}. Some required properties were not set."
    return HubSpotError(
        400,
        "VALIDATION_ERROR",
        message,
        errors=[{"message": message, "code": "MISSING_REQUIRED_PROPERTY", "context": {"properties": list(names)}}],
        context={"properties": list(names)},
    )


def not_found(message: str = "resource not found") -> HubSpotError:
    """404 OBJECT_NOT_FOUND."""
    return HubSpotError(404, "OBJECT_NOT_FOUND", message)


def unauthenticated() -> HubSpotError:
    """401 without usable credentials."""
    return HubSpotError(
        401,
        "INVALID_AUTHENTICATION",
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more "
        "details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
    )


def expired(seconds: int) -> HubSpotError:
    """401 for an access token past its time."""
    return HubSpotError(
        401, "EXPIRED_AUTHENTICATION", f"The OAuth token used to make this call expired {seconds} second(s) ago."
    )


def missing_scopes(scopes: Iterable[str]) -> HubSpotError:
    """403; any one of `scopes` would do."""
    page = "https://developers.hubspot.com/scopes"
    return HubSpotError(
        403,
        "MISSING_SCOPES",
        "This app hasn't been granted all required scopes to make this call. "
        f"Read more about required scopes here: {page}.",
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": sorted(scopes)},
            }
        ],
        links={"scopes": page},
    )


def rate_limited(policy: str, request_id: str) -> HubSpotError:
    """429 with `policyName` DAILY, TEN_SECONDLY_ROLLING or SECONDLY (search; exact name UNSURE)."""
    period = {"DAILY": "daily", "SECONDLY": "secondly", "TEN_SECONDLY_ROLLING": "ten_secondly_rolling"}[policy]
    return HubSpotError(
        429,
        None,
        f"You have reached your {period} limit.",
        extra={"errorType": "RATE_LIMIT", "policyName": policy, "requestId": request_id},
    )


def internal() -> HubSpotError:
    """500 without a reason."""
    return HubSpotError(500, "INTERNAL_ERROR", "internal error")
