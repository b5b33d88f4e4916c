"""What came of attempts: written to the log, the delivery and the endpoint's health in one transaction."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone

from api.transactions import transactional
from events.locks import lock_deliveries
from events.models import DeliveryState, EventDelivery, WebhookAttempt, WebhookEndpoint
from events.services.deliveries import bury, give_up, mark_delivered, postpone
from events.webhooks.claiming import Claim
from events.webhooks.disabling import disable_endpoint
from events.webhooks.excerpts import excerpt
from events.webhooks.posting import Answer
from events.webhooks.schedule import pause_after
from events.webhooks.subscribers import PINGED

logger = logging.getLogger(__name__)

GONE: Final = 410
_HEALTH_PRECISION: Final = timedelta(seconds=10)
_MOST_MILLISECONDS: Final = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class Outcome:
    claim: Claim
    ended_at: datetime
    request_body: bytes
    answer: Answer

    @property
    def started_at(self) -> datetime:
        return self.ended_at - timedelta(seconds=self.answer.duration_seconds)

    @property
    def told(self) -> str:
        return self.answer.error or f"answered {self.answer.status}"


def record(outcomes: Sequence[Outcome]) -> None:
    """Together, which is faster; when that fails one by one, so that one that cannot be written stops no other. What
    is not written is sent again when its lease has run out."""
    if not outcomes:
        return
    try:
        _record(outcomes)
    except Exception:
        logger.exception("%d outcomes could not be recorded together", len(outcomes))
        for outcome in outcomes:
            _record_alone(outcome)


def _record_alone(outcome: Outcome) -> None:
    try:
        _record([outcome])
    except Exception:
        logger.exception("the outcome of delivery %s could not be recorded", outcome.claim.delivery.id)


@transactional
def _record(outcomes: Sequence[Outcome]) -> None:
    now = timezone.now()
    failures = [outcome for outcome in outcomes if not outcome.answer.is_success]
    deliveries = lock_deliveries([outcome.claim.delivery.id for outcome in failures]) if failures else {}
    _log(outcomes)
    mark_delivered([outcome.claim.delivery.id for outcome in outcomes if outcome.answer.is_success])
    for failure in failures:
        _fail(deliveries[failure.claim.delivery.id], failure, now=now)
    _judge_endpoints(outcomes, now=now)


def _log(outcomes: Sequence[Outcome]) -> None:
    ids = [outcome.claim.delivery.id for outcome in outcomes]
    logged = WebhookAttempt.objects.filter(delivery_id__in=ids).values_list("delivery_id").annotate(Count("id"))
    before = dict(logged.order_by())
    WebhookAttempt.objects.bulk_create(
        WebhookAttempt(
            delivery_id=outcome.claim.delivery.id,
            number=before.get(outcome.claim.delivery.id, 0) + 1,
            started_at=outcome.started_at,
            duration_ms=min(round(outcome.answer.duration_seconds * 1000), _MOST_MILLISECONDS),
            status_code=outcome.answer.status,
            error=outcome.answer.error[:300],
            request_excerpt=excerpt(outcome.request_body),
            response_excerpt=excerpt(outcome.answer.body),
        )
        for outcome in outcomes
    )


def _fail(delivery: EventDelivery, outcome: Outcome, *, now: datetime) -> None:
    """A failure counts for those who still hold the delivery, not where a lease ran out and another has taken it."""
    if delivery.state != DeliveryState.PENDING or delivery.attempts != outcome.claim.delivery.attempts:
        return
    if outcome.claim.delivery.event.type == PINGED:
        # It asks whether the receiver answers now: that it does so tomorrow is no answer, and staff need not know.
        bury(delivery, error=outcome.told)
        return
    pause_seconds = pause_after(
        delivery.attempts,
        schedule=settings.WEBHOOK_RETRY_SECONDS,
        retry_after=outcome.answer.retry_after,
        now=now,
    )
    if pause_seconds is None:
        give_up(delivery, error=outcome.told)
        return
    postpone(delivery, until=now + timedelta(seconds=pause_seconds), error=outcome.told)


def _judge_endpoints(outcomes: Sequence[Outcome], *, now: datetime) -> None:
    """In the order of their keys, as all who change several do."""
    gone = {outcome.claim.endpoint.id for outcome in outcomes if outcome.answer.status == GONE}
    well = {outcome.claim.endpoint.id for outcome in outcomes if outcome.answer.is_success}
    unwell = {outcome.claim.endpoint.id for outcome in outcomes} - well
    for endpoint_id in sorted(well | unwell):
        if endpoint_id in well:
            _note_success(endpoint_id, now=now)
        else:
            WebhookEndpoint.objects.filter(id=endpoint_id, failing_since=None).update(failing_since=now)
        if endpoint_id in gone:
            disable_endpoint(endpoint_id, reason="the receiver answered 410 Gone")
    _disable_hopeless(unwell - gone, now=now)


def _note_success(endpoint_id: UUID, *, now: datetime) -> None:
    """Not every one of hundreds in a second: each would wait for the row."""
    is_news = Q(failing_since__isnull=False) | Q(last_success_at=None) | Q(last_success_at__lt=now - _HEALTH_PRECISION)
    WebhookEndpoint.objects.filter(is_news, id=endpoint_id).update(failing_since=None, last_success_at=now)


def _disable_hopeless(endpoint_ids: Iterable[UUID], *, now: datetime) -> None:
    patience = timedelta(seconds=settings.WEBHOOK_DISABLE_AFTER_SECONDS)
    hopeless = WebhookEndpoint.objects.listening().filter(id__in=endpoint_ids, failing_since__lte=now - patience)
    for endpoint_id in hopeless.order_by("id").values_list("id", flat=True):
        disable_endpoint(endpoint_id, reason=f"every attempt has failed for {_in_words(patience)}")


def _in_words(patience: timedelta) -> str:
    return f"{patience.days} days" if patience.days > 1 else f"{patience.total_seconds() / 3600:g} hours"
