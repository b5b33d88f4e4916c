"""Handing an order over at the door, with the customer's PIN where the store asks for it."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.actors import Actor, ActorKind
from api.etags import check_version
from api.transactions import transactional
from couriers.errors import PinLocked, WrongPin
from couriers.locks import Carried, lock_carried
from couriers.models import Assignment
from couriers.services.booking import end, refuse_unless_active
from couriers.states import AssignmentStatus
from orders.models import Order
from orders.services import carrying
from orders.services.moving import refuse_unless_allowed
from orders.states import OrderStatus

MAX_PIN_ATTEMPTS: Final = 5


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What shows that the right person got the order."""

    recipient: str = ""
    pin: str = ""
    note: str = ""


@transactional
def deliver(
    assignment_id: UUID, *, actor: Actor, proof: Proof, expected_version: int | None = None
) -> Assignment | WrongPin:
    """Hand the order over. Repeating it changes nothing. Staff need no PIN: they answer for it by name.

    A wrong PIN is returned, not raised: the attempt has been counted, and raising would take that back with the
    caller's transaction. Raises AssignmentNotFound, PreconditionFailed, TransitionNotAllowed, WrongPin (for a missing
    one), PinLocked.
    """
    carried = lock_carried(assignment_id)
    order, assignment = carried.order, carried.assignment
    if assignment.status == AssignmentStatus.DELIVERED:
        return assignment
    check_version(assignment.version, expected_version)
    refuse_unless_active(carried)
    refuse_unless_allowed(order, to=OrderStatus.DELIVERED, actor=actor)
    if _asks_for_pin(order, actor=actor) and (refusal := _wrong_pin(carried, given=proof.pin)):
        return refusal
    return _hand_over(carried, actor=actor, proof=proof)


def _asks_for_pin(order: Order, *, actor: Actor) -> bool:
    """An order placed before its store began to ask has no PIN, and its customer knows none."""
    return actor.kind == ActorKind.COURIER and order.store.requires_pin and order.pin != ""


def _wrong_pin(carried: Carried, *, given: str) -> WrongPin | None:
    """Counts a wrong one. Four digits bear few guesses, so they are bounded per assignment."""
    assignment = carried.assignment
    if assignment.pin_attempts >= MAX_PIN_ATTEMPTS:
        raise PinLocked
    if not given:
        raise WrongPin("This delivery needs the customer's PIN.", attempts_left=_attempts_left(assignment))
    if constant_time_compare(given, carried.order.pin):
        return None
    assignment.pin_attempts += 1
    assignment.save(update_fields=["pin_attempts"])
    return WrongPin("This is not the customer's PIN.", attempts_left=_attempts_left(assignment))


def _attempts_left(assignment: Assignment) -> int:
    return MAX_PIN_ATTEMPTS - assignment.pin_attempts


def _hand_over(carried: Carried, *, actor: Actor, proof: Proof) -> Assignment:
    assignment = carried.assignment
    carrying.deliver(carried.order, actor=actor)
    assignment.delivered_at = timezone.now()
    assignment.recipient = proof.recipient
    assignment.note = proof.note
    end(assignment, status=AssignmentStatus.DELIVERED)
    return assignment
