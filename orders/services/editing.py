"""Changing where an order goes, whom to call, and what to mind."""

from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from accounts.actors import Actor
from api.etags import check_version
from api.transactions import transactional
from catalog.services.availability import refuse_if_unavailable
from catalog.services.pricing import delivery_fee
from orders.errors import DropoffFixed, OrderClosed
from orders.locks import lock_order
from orders.models import Charge, ChargeKind, Order
from orders.services.confirming import confirm_if_automatic
from orders.services.placing import charges_for, set_totals
from orders.services.recording import record
from orders.services.requests import Dropoff, OrderEdit
from orders.states import BEFORE_CONFIRMATION, FINAL, OrderStatus


@transactional
def edit_order(order_id: UUID, *, edit: OrderEdit, actor: Actor, expected_version: int | None) -> Order:
    """Raises PreconditionFailed, OrderClosed, DropoffFixed, OutsideDeliveryArea, StoreClosed, TotalTooLarge."""
    order = lock_order(order_id)
    check_version(order.version, expected_version)
    if order.status in FINAL:
        raise OrderClosed(order_status=order.status)
    if edit.dropoff is not None:
        _change_dropoff(order, dropoff=edit.dropoff)
    if edit.contact is not None:
        order.contact_name, order.contact_phone = edit.contact.name, edit.contact.phone
        order.contact_email = edit.contact.email
    if edit.note is not None:
        order.note = edit.note
    changed = [name for name in ("dropoff", "contact", "note") if getattr(edit, name) is not None]
    record(order, what="updated", actor=actor, data={"changed": changed, "total": str(order.total)})
    confirm_if_automatic(order)
    return order


def _change_dropoff(order: Order, *, dropoff: Dropoff) -> None:
    """Before payment the fee follows the drop-off. Afterwards only a missing one can be added, and the total stands:
    the first release's orders are paid before it is known where they go."""
    total_stands = order.payment_started_at is not None or order.status != OrderStatus.CREATED
    if order.status not in BEFORE_CONFIRMATION or (total_stands and order.has_dropoff):
        raise DropoffFixed(order_status=order.status)
    refuse_if_unavailable(order.store, at=timezone.now(), dropoff=dropoff.position)
    order.dropoff_address = dropoff.address
    order.dropoff_latitude, order.dropoff_longitude = dropoff.position.latitude, dropoff.position.longitude
    if not total_stands:
        _charge_delivery(order, fee=delivery_fee(order.store, dropoff=dropoff.position))


def _charge_delivery(order: Order, *, fee: Decimal) -> None:
    tip = next((charge.amount for charge in order.charges.all() if charge.kind == ChargeKind.TIP), Decimal(0))
    charges = charges_for(delivery=fee, tip=tip)
    order.charges.filter(kind=ChargeKind.DELIVERY).delete()
    if ChargeKind.DELIVERY in charges:
        Charge.objects.create(order=order, kind=ChargeKind.DELIVERY, amount=charges[ChargeKind.DELIVERY])
    set_totals(order, items_total=order.items_total, charges=charges)
