"""The admin surface under /_sandbox/: reset, state, people, faults, clock, traffic and webhooks of a sandbox."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from werkzeug import Request, Response

from infra.sandbox.kernel.errors import BadSettingError
from infra.sandbox.kernel.wire import admin_body, json_response

if TYPE_CHECKING:
    from infra.sandbox.kernel.app import SandboxApp


def answer(app: "SandboxApp", request: Request, name: str) -> Response:
    """Answers one admin request; 404 and 405 for what does not exist, 400 for what cannot be used."""
    known = {path for path, _ in _ACTIONS}
    if name not in known:
        return json_response({"error": f"no such admin path; there are {', '.join(sorted(known))}"}, 404)
    action = _ACTIONS.get((name, request.method))
    if action is None:
        methods = sorted(method for path, method in _ACTIONS if path == name)
        return json_response({"error": f"{name} takes {', '.join(methods)}"}, 405, {"Allow": ", ".join(methods)})
    try:
        return action(app, request)
    except BadSettingError as error:
        return json_response({"error": str(error)}, 400)


def _only(body: dict[str, Any], *keys: str) -> None:
    unknown = set(body) - set(keys)
    if unknown:
        raise BadSettingError(f"unknown key {', '.join(sorted(unknown))}; known: {', '.join(keys)}")


def _reset(app: "SandboxApp", request: Request) -> Response:
    body = admin_body(request)
    _only(body, "config")
    config = body.get("config", {})
    if not isinstance(config, dict):
        raise BadSettingError("config must be a JSON object")
    app.reset(config)
    return json_response({"reset": True})


def _state(app: "SandboxApp", _: Request) -> Response:
    with app.lock:
        return json_response(app.state())


def _act(app: "SandboxApp", request: Request) -> Response:
    body = admin_body(request)
    name = body.pop("act", None)
    if not isinstance(name, str):
        raise BadSettingError("act must be the name of what somebody does")
    return json_response({"result": app.act(name, body)})


def _faults(app: "SandboxApp", _: Request) -> Response:
    with app.lock:
        return json_response({"faults": [rule.describe() for rule in app.faults.rules]})


def _add_fault(app: "SandboxApp", request: Request) -> Response:
    body = admin_body(request)
    with app.lock:
        return json_response(app.faults.add(body).describe(), 201)


def _clear_faults(app: "SandboxApp", _: Request) -> Response:
    with app.lock:
        app.faults.clear()
    return Response(status=204)


def _clock(app: "SandboxApp", _: Request) -> Response:
    return json_response({"now": app.clock.now().isoformat(), "virtual": app.clock.virtual})


def _advance(app: "SandboxApp", request: Request) -> Response:
    body = admin_body(request)
    _only(body, "advance_seconds")
    try:
        app.clock.advance(float(body["advance_seconds"]))
    except KeyError:
        raise BadSettingError("advance_seconds is missing") from None
    except (TypeError, ValueError) as error:
        raise BadSettingError(f"advance_seconds must be a number, 0 or more: {error}") from None
    return _clock(app, request)


def _traffic(app: "SandboxApp", _: Request) -> Response:
    return Response(app.traffic.lines(), content_type="application/x-ndjson")


def _webhooks(app: "SandboxApp", _: Request) -> Response:
    with app.lock:
        return json_response(app.outbox.describe())


def _set_webhooks(app: "SandboxApp", request: Request) -> Response:
    body = admin_body(request)
    _only(body, "target_url")
    url = body.get("target_url")
    if url is not None and (not isinstance(url, str) or not url.startswith(("http://", "https://"))):
        raise BadSettingError("target_url must be an http(s) URL, or null")
    with app.lock:
        app.outbox.target_url = url
    return _webhooks(app, request)


_ACTIONS: dict[tuple[str, str], Callable[["SandboxApp", Request], Response]] = {
    ("reset", "POST"): _reset,
    ("state", "GET"): _state,
    ("people", "POST"): _act,
    ("faults", "GET"): _faults,
    ("faults", "POST"): _add_fault,
    ("faults", "DELETE"): _clear_faults,
    ("clock", "GET"): _clock,
    ("clock", "POST"): _advance,
    ("traffic", "GET"): _traffic,
    ("webhooks", "GET"): _webhooks,
    ("webhooks", "POST"): _set_webhooks,
}
