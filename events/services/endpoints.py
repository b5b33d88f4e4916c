"""Everything an owner does with a webhook endpoint."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.locks import lock_user
from accounts.models import User
from accounts.reach import stores_of
from api.errors import FieldProblem, InvalidRequest
from api.etags import check_version
from api.transactions import transactional
from api.waking import wake
from events.envelopes import Subject
from events.errors import WebhookEndpointInactive, WebhookEndpointLimitReached
from events.locks import lock_delivery, lock_endpoint
from events.models import DeliveryState, Event, EventDelivery, WebhookEndpoint
from events.publishing import publish
from events.type_names import is_misspelt
from events.webhooks.addresses import AddressRefused, address_policy, check_url
from events.webhooks.disabling import bury_waiting
from events.webhooks.signing import new_secret
from events.webhooks.subscribers import PINGED

BOTH_SECRETS_SIGN: Final = timedelta(days=1)


@transactional
def create_endpoint(
    owner_id: UUID, *, url: str, description: str = "", event_types: Sequence[str] = (), store_ids: Sequence[UUID] = ()
) -> WebhookEndpoint:
    """Raises InvalidRequest for an address or a store that is refused, and WebhookEndpointLimitReached."""
    owner = lock_user(owner_id)
    _check_url(url)
    if WebhookEndpoint.objects.kept().filter(owner=owner).count() >= settings.WEBHOOK_ENDPOINTS_PER_OWNER:
        raise WebhookEndpointLimitReached(limit=settings.WEBHOOK_ENDPOINTS_PER_OWNER)
    return WebhookEndpoint.objects.create(
        owner=owner,
        url=url,
        description=description,
        event_types=_types(event_types),
        store_ids=_stores(store_ids, owner=owner),
        secret=new_secret(),
    )


@transactional
def change_endpoint(endpoint_id: UUID, *, expected_version: int | None, **changes: Any) -> WebhookEndpoint:
    """`changes` are of url, description, event_types, store_ids and is_active.

    Raises PreconditionFailed, and InvalidRequest as `create_endpoint` does.
    """
    endpoint = lock_endpoint(endpoint_id)
    check_version(endpoint.version, expected_version)
    if "url" in changes:
        _check_url(changes["url"])
    if "event_types" in changes:
        changes["event_types"] = _types(changes["event_types"])
    if "store_ids" in changes:
        changes["store_ids"] = _stores(changes["store_ids"], owner=endpoint.owner)
    changed = {name: value for name, value in changes.items() if getattr(endpoint, name) != value}
    if "is_active" in changed:
        _switch(endpoint, on=changed["is_active"])
    if "url" in changed:
        changed["failing_since"] = None
    return _save(endpoint, **changed) if changed else endpoint


def _switch(endpoint: WebhookEndpoint, *, on: bool) -> None:
    """What waited for it while it was off is not sent when it is on again: it begins with what happens then."""
    if on:
        bury_waiting(endpoint.id, reason=endpoint.disabled_reason or "the endpoint was not active")
    endpoint.failing_since = None
    endpoint.disabled_reason = "" if on else "switched off"
    wake("events.send_webhooks")


@transactional
def retire_endpoint(endpoint_id: UUID, *, expected_version: int | None = None) -> None:
    """Its log stays for staff. Raises PreconditionFailed."""
    endpoint = lock_endpoint(endpoint_id)
    check_version(endpoint.version, expected_version)
    if endpoint.retired_at is None:
        _save(endpoint, retired_at=timezone.now(), is_active=False)
        wake("events.send_webhooks")


@transactional
def rotate_secret(endpoint_id: UUID, *, expected_version: int | None = None) -> WebhookEndpoint:
    """For a day both secrets sign, so that a receiver can change over at its leisure; of an earlier rotation nothing
    is left. Raises PreconditionFailed."""
    endpoint = lock_endpoint(endpoint_id)
    check_version(endpoint.version, expected_version)
    return _save(
        endpoint,
        previous_secret=endpoint.secret,
        previous_secret_expires_at=timezone.now() + BOTH_SECRETS_SIGN,
        secret=new_secret(),
    )


@transactional
def ping_endpoint(endpoint_id: UUID) -> Event:
    """An event for this endpoint only. Raises WebhookEndpointInactive."""
    endpoint = lock_endpoint(endpoint_id)
    _refuse_inactive(endpoint)
    return publish(
        PINGED,
        subject=Subject("webhook_endpoint", endpoint.id, endpoint.version),
        publisher_id=endpoint.owner_id,
        data={"description": endpoint.description},
    )


@transactional
def resend_delivery(delivery_id: UUID) -> None:
    """Send it once more, now, whatever became of it, with all its attempts before it; one that is being sent is left
    to it. The caller has found it among the deliveries of an endpoint. Raises WebhookEndpointInactive."""
    delivery = lock_delivery(delivery_id)
    assert delivery.endpoint is not None
    _refuse_inactive(delivery.endpoint)
    now = timezone.now()
    if delivery.state == DeliveryState.PENDING and delivery.leased_until and delivery.leased_until > now:
        return
    EventDelivery.objects.filter(id=delivery.id).update(
        state=DeliveryState.PENDING, attempts=0, next_attempt_at=now, leased_until=None, delivered_at=None
    )
    wake("events.send_webhooks")


def _refuse_inactive(endpoint: WebhookEndpoint) -> None:
    if not endpoint.is_listening:
        raise WebhookEndpointInactive(disabled_reason=endpoint.disabled_reason)


def _save(endpoint: WebhookEndpoint, **changes: Any) -> WebhookEndpoint:
    """The caller holds the endpoint's lock."""
    for name, value in changes.items():
        setattr(endpoint, name, value)
    endpoint.version += 1
    endpoint.save()
    return endpoint


def _check_url(url: str) -> None:
    try:
        check_url(url, policy=address_policy())
    except AddressRefused as refusal:
        raise InvalidRequest(errors=[FieldProblem("/url", "address_refused", str(refusal))]) from refusal


def _types(event_types: Sequence[str]) -> list[str]:
    """As they are kept. Raises InvalidRequest for those that match no event there ever is."""
    problems = [
        FieldProblem(f"/event_types/{index}", "unknown_event_type", "There is no such event, and no such family.")
        for index, name in enumerate(event_types)
        if is_misspelt(name)
    ]
    if problems:
        raise InvalidRequest(errors=problems)
    return list(dict.fromkeys(event_types))


def _stores(store_ids: Sequence[UUID], *, owner: User) -> list[str]:
    """As they are kept. Raises InvalidRequest for those the owner may not see."""
    reachable = stores_of([owner.pk]).get(owner.pk, frozenset())
    problems = [
        FieldProblem(f"/store_ids/{index}", "store_not_found", "There is no such store for the endpoint's owner.")
        for index, store_id in enumerate(store_ids)
        if not owner.sees_all_stores and store_id not in reachable
    ]
    if problems:
        raise InvalidRequest(errors=problems)
    return [str(store_id) for store_id in dict.fromkeys(store_ids)]
