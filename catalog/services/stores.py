from collections.abc import Sequence
from decimal import Decimal
from typing import TypedDict, Unpack
from uuid import UUID

from accounts.actors import Actor
from accounts.models import User
from accounts.roles import Role
from api.etags import check_version
from api.transactions import transactional
from catalog.hours import Opening
from catalog.locks import lock_store
from catalog.models import Membership, OpeningHours, Store

RUN_BY_MEMBERS = frozenset({Role.STORE_STAFF, Role.INTEGRATOR})


class StoreChanges(TypedDict, total=False):
    """What may be changed later; what is not given stays. The currency is not among it: products are priced in it."""

    name: str
    address: str
    phone: str
    email: str
    latitude: float
    longitude: float
    time_zone: str
    is_active: bool
    is_paused: bool
    delivery_radius_m: int | None
    delivery_base_fee: Decimal
    delivery_fee_per_km: Decimal
    preparation_minutes: int
    confirms_automatically: bool
    requires_pin: bool
    open_pool: bool
    offers_automatically: bool
    opening_hours: Sequence[Opening]


class NewStore(StoreChanges, total=False):
    currency: str


@transactional
def create_store(*, actor: Actor, **details: Unpack[NewStore]) -> Store:
    """Who runs only the stores of their memberships becomes a member of the store they make."""
    store = Store()
    openings = _apply(store, details)
    store.save(force_insert=True)
    _replace_openings(store, openings or ())
    _join(store, actor=actor)
    return store


@transactional
def update_store(store_id: UUID, *, expected_version: int | None = None, **changes: Unpack[StoreChanges]) -> Store:
    """Opening hours, when given, replace all there were. Raises StoreNotFound, PreconditionFailed."""
    store = lock_store(store_id)
    check_version(store.version, expected_version)
    openings = _apply(store, changes)
    store.version += 1
    store.save()
    if openings is not None:
        _replace_openings(store, openings)
    return store


@transactional
def retire_store(store_id: UUID, *, expected_version: int | None = None) -> Store:
    """Takes no new orders and is no longer shown; those it has go on. Again is harmless.

    Raises StoreNotFound, PreconditionFailed.
    """
    store = lock_store(store_id)
    check_version(store.version, expected_version)
    if store.is_active:
        store.is_active = False
        store.version += 1
        store.save()
    return store


def _join(store: Store, *, actor: Actor) -> None:
    if actor.user_id and User.objects.filter(id=actor.user_id, role__in=RUN_BY_MEMBERS).exists():
        Membership.objects.create(user_id=actor.user_id, store=store)


def _apply(store: Store, changes: NewStore | StoreChanges) -> Sequence[Opening] | None:
    """Returns the opening hours, which are rows of their own."""
    for name, value in changes.items():
        if name != "opening_hours":
            setattr(store, name, value)
    return changes.get("opening_hours")


def _replace_openings(store: Store, openings: Sequence[Opening]) -> None:
    store.opening_hours.all().delete()
    OpeningHours.objects.bulk_create(
        OpeningHours(store=store, weekday=opening.weekday, opens=opening.opens, closes=opening.closes)
        for opening in openings
    )
