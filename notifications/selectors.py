"""Who is to be told, read in one question each."""

from uuid import UUID

from django.db.models import Q

from accounts.models import User
from accounts.roles import Role
from couriers.models import Assignment
from notifications.kinds import DISPATCHING
from notifications.models import Preferences
from notifications.recipients import Recipient, account_of
from orders.models import Order


def customer_of(order_id: UUID) -> Recipient | None:
    return Recipient.customer_of(Order.objects.select_related("customer").get(id=order_id))


def courier_given(assignment_id: UUID) -> Recipient | None:
    """The courier of an assignment that staff have made; None of one that the courier has accepted."""
    given = Assignment.objects.filter(id=assignment_id, assigned_by_id__isnull=False)
    assignment = given.select_related("courier__user").first()
    return Recipient.courier(assignment.courier) if assignment else None


def staff_of(store_id: UUID | None, *, also: frozenset[Role] = frozenset()) -> list[Recipient]:
    """The store's own staff and everybody of the roles in `also`; administrators where that is nobody."""
    own = Q(role=Role.STORE_STAFF, memberships__store_id=store_id) if store_id else Q(pk__in=[])
    return _active(own | Q(role__in=also)) or _active(Q(role=Role.ADMIN))


def dispatchers() -> list[Recipient]:
    """Dispatchers and administrators: whoever can act on what stands still."""
    return _active(Q(role__in=DISPATCHING))


def account(user_id: UUID) -> list[Recipient]:
    return _active(Q(pk=user_id))


def _active(who: Q) -> list[Recipient]:
    return [Recipient.account(user) for user in User.objects.filter(who, is_active=True).order_by("pk").distinct()]


def preferences_of(recipient: str) -> Preferences:
    """Also of somebody who has never chosen anything."""
    found = Preferences.objects.filter(recipient=recipient).first()
    return found or Preferences(recipient=recipient, user_id=account_of(recipient))


def role_of(recipient: str) -> str | None:
    """None for somebody without an account."""
    user_id = account_of(recipient)
    return User.objects.values_list("role", flat=True).get(pk=user_id) if user_id else None
