"""Idempotency keys: an answer beside every one."""

from typing import Final

from api.idempotency.models import IdempotencyKey
from operations.auditing.findings import Check, Findings, findings


def keys_have_answers() -> Findings:
    """A key is committed together with its answer, so one without means that they came apart."""
    unanswered = IdempotencyKey.objects.filter(status=0).order_by("id")
    return findings(
        examined=IdempotencyKey.objects.count(), offenders=unanswered.values_list("id", flat=True).iterator()
    )


CHECKS: Final = (Check("keys-have-answers", "Every idempotency key kept has its answer beside it.", keys_have_answers),)
