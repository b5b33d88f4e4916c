"""The sending half of the simulated provider: it calls our webhook as a stranger would, and keeps at it for days."""

import logging
import time
from functools import cache, partial
from ssl import SSLContext
from typing import Final

import httpx
from django.conf import settings
from django.utils import timezone

from api.request_ids import current_request_id, current_trace_id
from orders.correlation import under_trace_of
from payments.locks import claim_due
from payments.models import SimulatedCallback
from payments.providers.signatures import HEADER, signature_of
from payments.queues import RetryPolicy, finish, postpone, work_off

logger = logging.getLogger(__name__)

TASK: Final = "payments.send_due_callbacks"
PATH: Final = "/api/v2/payments/webhooks/simulated"
TIMEOUT_SECONDS: Final = 10.0

# About three days of an unreachable or failing receiver; one who understands and refuses is asked less often.
UNREACHABLE: Final = RetryPolicy(attempts=84, longest_pause_seconds=3_600)
REFUSED: Final = RetryPolicy(attempts=10, longest_pause_seconds=3_600)
WORTH_RETRYING: Final = frozenset({408, 429})


def send_due_callbacks() -> int:
    """One after the other over one connection; returns how many were sent."""
    due = SimulatedCallback.objects.filter(submit_at__lte=timezone.now())
    if not due.exists():
        return 0
    with httpx.Client(timeout=TIMEOUT_SECONDS, verify=_certificates()) as client:
        return work_off(partial(_send_next, client), task=TASK)


def _send_next(client: httpx.Client) -> bool:
    callback = claim_due(SimulatedCallback.objects.select_related("payment__order"))
    if callback is None:
        return False
    with under_trace_of(callback.payment.order):
        _send(client, callback)
    return True


def _send(client: httpx.Client, callback: SimulatedCallback) -> None:
    try:
        response = client.post(_address(callback), content=callback.body.encode(), headers=_headers(callback))
    except httpx.HTTPError as error:
        _retry(callback, policy=UNREACHABLE, error=f"{type(error).__name__}: {error}")
    else:
        _record(callback, response)


def _address(callback: SimulatedCallback) -> str:
    """A worker knows by itself neither host nor port of the web processes: without a setting, what the payer used."""
    return f"{settings.INTERNAL_URL}{PATH}" if settings.INTERNAL_URL else callback.payment.notify_url


def _headers(callback: SimulatedCallback) -> dict[str, str]:
    """Signed anew for every attempt: an old signature would be refused as stale."""
    body = callback.body.encode()
    return {
        "Content-Type": "application/json",
        HEADER: signature_of(body, secret=settings.SIMULATED_PROVIDER_SECRET, at=int(time.time())),
        "X-Request-ID": current_request_id(),
        "X-Trace-ID": current_trace_id(),
    }


def _record(callback: SimulatedCallback, response: httpx.Response) -> None:
    if response.is_success:
        finish(callback, answered_at=timezone.now(), last_error="")
        return
    refused = response.is_client_error and response.status_code not in WORTH_RETRYING
    _retry(callback, policy=REFUSED if refused else UNREACHABLE, error=f"answered {response.status_code}")


def _retry(callback: SimulatedCallback, *, policy: RetryPolicy, error: str) -> None:
    pause = policy.pause_after(callback.submit_attempts)
    if pause is None:
        logger.error("gave up callback %s of payment %s: %s", callback.ordinal, callback.payment_id, error)
        finish(callback, last_error=error[:300])
        return
    logger.warning("callback %s of payment %s: %s", callback.ordinal, callback.payment_id, error)
    postpone(callback, pause=pause, last_error=error[:300])


@cache
def _certificates() -> SSLContext:
    """Reading them takes longer than sending a callback."""
    return httpx.create_ssl_context()
