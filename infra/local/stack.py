"""Brings the whole stack of template.yaml up on this machine, with both sandboxes, and takes it down again."""

import fcntl
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from infra.local import artefacts, deployment, emulator, front_door, processes, seed
from infra.local.deployment import Aws
from infra.local.paths import LOCAL, LOGS, ROOT, RUN, STACK_FILE, TEMPLATE
from infra.local.progress import say, step
from infra.local.tools import ToolFailed

API_ID_FILE = RUN / "api-id"
SANDBOX_SECONDS = 30.0
# Shorter than in AWS, so that what waits is seen to go on.
VENDOR_TIMEOUT_SECONDS = 3
SWEEP_RATE = "rate(1 minute)"
# What the processes and their functions are made of.
SOURCES = ("template.yaml", "uv.lock", "shared", "functions", "infra")


# The workers behind queues, and what the template's outputs call them.
QUEUES = {
    "invoice_push": "InvoicePush",
    "payment_push": "PaymentPush",
    "payment_pull": "PaymentPull",
    "invoice_pull": "InvoicePull",
}
# What each worker answers without doing anything: a path that is not there, an empty batch, a sweep with nothing due.
IDLE_EVENTS: dict[str, dict[str, Any]] = {
    "webhook_intake": {
        "version": "2.0",
        "rawPath": "/",
        "requestContext": {"http": {"method": "GET", "path": "/"}, "stage": "$default", "requestId": "warm-up"},
    },
    "invoice_push": {"Records": []},
    "payment_push": {"Records": []},
    "payment_pull": {"Records": []},
    "invoice_pull": {"Records": []},
    "sweep": {"id": "warm-up"},
    "reconcile": {"id": "warm-up"},
    "fee_report": {"id": "warm-up"},
    "console": {
        "version": "2.0",
        "rawPath": "/console",
        "requestContext": {"http": {"method": "GET", "path": "/console"}, "stage": "$default", "requestId": "warm-up"},
    },
}
SIGN_IN = ".venv/bin/tieout login-link --role operator"


@dataclass(frozen=True)
class Stack:
    """The running stack, as in .local/stack.json.

    `queues` holds, by worker, its queue (`url`, None for what a schedule runs) and dead-letter queue (`dlq_url`).
    `functions` and `log_groups` are by worker too; `logs` is the folder of the processes' own logs.
    """

    api_url: str
    hubspot_url: str
    quickbooks_url: str
    aws_endpoint_url: str
    region: str
    access_key_id: str
    secret_access_key: str
    connection: str
    portal_id: str
    realm_id: str
    hubspot_token: str
    hubspot_client_secret: str
    intuit_verifier_token: str
    table: str
    queues: dict[str, dict[str, str | None]]
    webhook_secret: str
    vendor_secret: str
    functions: dict[str, str]
    log_groups: dict[str, str]
    logs: str
    fingerprint: str


def current() -> Stack | None:
    """The stack that runs now, None when there is none or a part of it has ended."""
    try:
        stack = Stack(**json.loads(STACK_FILE.read_text()))
    except (FileNotFoundError, TypeError, json.JSONDecodeError):
        return None
    running = processes.started()
    return stack if running and all(process.alive for process in running) else None


def up() -> Stack:
    """The running stack: the present one when the sources are as they were, else a new one with empty stores.

    Raises ToolFailed, DidNotStart or DeploymentFailed; then nothing is left running.
    """
    with _only_one():
        fingerprint = _fingerprint()
        present = current()
        if present and present.fingerprint == fingerprint:
            say("The local stack is up already:")
            _say_urls(present)
            return present
        _stop_all()
        began = time.monotonic()
        try:
            stack = _start_all(fingerprint)
        except BaseException:
            _stop_all()
            raise
        STACK_FILE.write_text(json.dumps(asdict(stack), indent=2) + "\n")
        say(f"The local stack is up after {time.monotonic() - began:.1f} s (see {STACK_FILE}):")
        _say_urls(stack)
        return stack


def _say_urls(stack: Stack) -> None:
    for name, url in (
        ("webhooks", stack.api_url),
        ("HubSpot", stack.hubspot_url),
        ("QuickBooks", stack.quickbooks_url),
        ("AWS", stack.aws_endpoint_url),
        ("console", f"{stack.api_url}/console"),
    ):
        say(f"  {name:<11}{url}")
    say("A link that signs in to the console, once:")
    say(f"  {SIGN_IN}")


def down() -> None:
    """Ends what `up` started, also after a crash; nothing else."""
    with _only_one():
        _stop_all()


def _start_all(fingerprint: str) -> Stack:
    template = TEMPLATE.read_text()
    with step("emulator installed"):
        emulator.install(sys.executable)
    with ThreadPoolExecutor(1) as pool:
        building = pool.submit(artefacts.build, template, emulator.PYTHON)
        with step("emulator started"):
            _, endpoint = emulator.start()
        with step("front door and sandboxes started"):
            api_url = _start_front_door(endpoint)
            sandboxes = _start_sandboxes(api_url)
        with step("layer and functions built"):
            built = building.result()
    aws = Aws(endpoint)
    with step("code uploaded"):
        deployment.upload(aws, built)
    with step("template deployed"):
        outputs = deployment.deploy(
            aws,
            deployment.packaged(template, built),
            _parameters(api_url, sandboxes["hubspot"], sandboxes["quickbooks"]),
        )
        API_ID_FILE.write_text(outputs["ApiId"])
    stack = _describe(endpoint, api_url, sandboxes, outputs, fingerprint)
    with step("secrets filled, connection made"):
        seed.fill_secrets(aws, stack.webhook_secret, stack.vendor_secret)
        seed.connect(aws, stack.table)
    with step("functions warmed up"):
        twice = [one for one in ("webhook_intake", "console") for _ in range(front_door.AT_ONCE)]
        workers = [*twice, *QUEUES, "sweep", "reconcile", "fee_report"]
        deployment.warm_up(aws, [(stack.functions[worker], IDLE_EVENTS[worker]) for worker in workers])
    return stack


def _start_front_door(endpoint: str) -> str:
    port = processes.free_port()
    API_ID_FILE.unlink(missing_ok=True)
    command = [sys.executable, "-m", "infra.local.front_door"]
    command += ["--port", str(port), "--upstream", endpoint, "--api-id-file", str(API_ID_FILE)]
    url = f"http://127.0.0.1:{port}"
    processes.wait_until_answering(processes.start("front-door", command, _own_environment()), url, SANDBOX_SECONDS)
    return url


def _start_sandboxes(api_url: str) -> dict[str, str]:
    """Both at once; their webhooks go through the front door."""
    urls, waiting = {}, []
    for vendor in ("hubspot", "quickbooks"):
        port = processes.free_port()
        urls[vendor] = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", f"infra.sandbox.{vendor}", "--port", str(port)]
        command += ["--webhook-url", f"{api_url}/webhooks/{vendor}"]
        waiting.append((processes.start(f"{vendor}-sandbox", command, _own_environment()), urls[vendor]))
    for process, url in waiting:
        processes.wait_until_answering(process, f"{url}/_sandbox/clock", SANDBOX_SECONDS)
    return urls


def _own_environment() -> dict[str, str]:
    environment = {name: os.environ[name] for name in emulator.INHERITED if name in os.environ}
    return environment | {"PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "shared"))), "PYTHONUNBUFFERED": "1"}


def _parameters(api_url: str, hubspot_url: str, quickbooks_url: str) -> dict[str, str]:
    return {
        "PublicUrl": api_url,
        "HubSpotUrl": hubspot_url,
        "QboUrl": quickbooks_url,
        "IntuitOauthUrl": quickbooks_url,
        "IntuitAuthoriseUrl": quickbooks_url,
        "IntuitRevokeUrl": quickbooks_url,
        "QboAppUrl": quickbooks_url,
        "VendorTimeoutSeconds": str(VENDOR_TIMEOUT_SECONDS),
        "SweepRate": SWEEP_RATE,
        "LogRetentionDays": "1",
        # The emulator has no TLS.
        "ReportsOverTls": "no",
    }


def _describe(
    endpoint: str, api_url: str, sandboxes: Mapping[str, str], outputs: Mapping[str, str], fingerprint: str
) -> Stack:
    functions = {
        "webhook_intake": outputs["WebhookIntakeFunctionName"],
        "invoice_push": outputs["InvoicePushFunctionName"],
        "payment_push": outputs["PaymentPushFunctionName"],
        "payment_pull": outputs["PaymentPullFunctionName"],
        "invoice_pull": outputs["InvoicePullFunctionName"],
        "sweep": outputs["SweepFunctionName"],
        "reconcile": outputs["ReconcileFunctionName"],
        "fee_report": outputs["FeeReportFunctionName"],
        "console": outputs["ConsoleFunctionName"],
    }
    return Stack(
        api_url=api_url,
        hubspot_url=sandboxes["hubspot"],
        quickbooks_url=sandboxes["quickbooks"],
        aws_endpoint_url=endpoint,
        region=emulator.REGION,
        access_key_id=emulator.ACCESS_KEY,
        secret_access_key=emulator.SECRET_KEY,
        connection=seed.CONNECTION,
        portal_id=seed.PORTAL_ID,
        realm_id=seed.QUICKBOOKS.realm_id,
        hubspot_token=seed.HUBSPOT_TOKEN,
        hubspot_client_secret=seed.HUBSPOT.client_secret,
        intuit_verifier_token=seed.QUICKBOOKS.verifier_token,
        table=outputs["TableName"],
        queues={
            **{
                worker: {"url": outputs[f"{name}QueueUrl"], "dlq_url": outputs[f"{name}DeadLetterQueueUrl"]}
                for worker, name in QUEUES.items()
            },
            "sweep": {"url": None, "dlq_url": outputs["SweepDeadLetterQueueUrl"]},
            "reconcile": {"url": None, "dlq_url": outputs["ReconcileDeadLetterQueueUrl"]},
            "fee_report": {"url": None, "dlq_url": outputs["FeeReportDeadLetterQueueUrl"]},
        },
        webhook_secret=outputs["WebhookSecretArn"],
        vendor_secret=outputs["VendorSecretArn"],
        functions=functions,
        log_groups={name: f"/aws/lambda/{function}" for name, function in functions.items()},
        logs=str(LOGS),
        fingerprint=fingerprint,
    )


def _fingerprint() -> str:
    digest = hashlib.sha256(sys.executable.encode())
    for source in SOURCES:
        for path in sorted((ROOT / source).rglob("*")) or [ROOT / source]:
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _stop_all() -> None:
    for process in processes.started():
        with step(f"{process.name} stopped"):
            processes.stop(process)
    for path in (STACK_FILE, API_ID_FILE):
        path.unlink(missing_ok=True)


@contextmanager
def _only_one() -> Iterator[None]:
    """Holds other runs of `up` and `down` off."""
    LOCAL.mkdir(exist_ok=True)
    with Path(LOCAL / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(arguments: list[str]) -> int:
    """`up` or `down`; gives the exit code."""
    actions = {"up": up, "down": down}
    if len(arguments) != 1 or arguments[0] not in actions:
        say("usage: python -m infra.local.stack up | down")
        return 2
    try:
        actions[arguments[0]]()
    except (ToolFailed, processes.DidNotStart, deployment.DeploymentFailed) as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
