"""Forgetting where couriers were, and who was considered for what."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from api.creation import created_within
from api.purging import delete_first
from couriers.models import CourierPosition, MatchingDecision

BATCH = 10_000


def purge_positions() -> int:
    """Delete positions received long enough ago, at most a batch of them; returns how many. Where a courier is now
    stands with the courier."""
    before = timezone.now() - timedelta(days=settings.POSITION_RETENTION_DAYS)
    old = CourierPosition.objects.filter(created_within({"created_before": before}))
    return delete_first(old.order_by("pk"), limit=BATCH)


def purge_decisions() -> int:
    """Delete what engines said long enough ago, at most a batch; returns how many. The assignments stay."""
    before = timezone.now() - timedelta(days=settings.MATCHING_RETENTION_DAYS)
    old = MatchingDecision.objects.filter(created_within({"created_before": before}))
    return delete_first(old.order_by("pk"), limit=BATCH)
