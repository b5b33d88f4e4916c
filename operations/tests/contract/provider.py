"""The payment provider's word, said by the test instead."""

import hashlib
import hmac
import json
import time
from typing import Any, Final
from uuid import uuid4

import httpx

from operations.tests.contract.site import Json, Site

PROVIDER_SECRET: Final = "the secret of a provider that is only simulated"
WEBHOOK: Final = "/api/v2/payments/webhooks/simulated"


def notice(payment: Json, **changes: Any) -> bytes:
    told = {"event_id": f"evt-{uuid4()}", "type": "payment.succeeded", "payment_id": payment["id"]}
    return json.dumps({**told, "amount": payment["amount"], "currency": payment["currency"], **changes}).encode()


def signature(body: bytes, *, secret: str = PROVIDER_SECRET, age_seconds: int = 0) -> str:
    stamp = int(time.time()) - age_seconds
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"


def tell(site: Site, body: bytes, *, signed: str | None = None) -> httpx.Response:
    headers = {"Content-Type": "application/json", "X-Signature": signed or signature(body)}
    return site.http.post(WEBHOOK, content=body, headers=headers)
