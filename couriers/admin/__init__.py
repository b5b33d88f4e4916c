from couriers.admin.assignments import AssignmentAdmin
from couriers.admin.couriers import CourierAdmin
from couriers.admin.looks import assignment_badge, availability_badge
from couriers.admin.offer_moves import OFFER_MOVES
from couriers.admin.order_moves import AFTER_OFFERS, BEFORE_OFFERS, courier_choice

CARRYING_MOVES = (*BEFORE_OFFERS, *OFFER_MOVES, *AFTER_OFFERS)

__all__ = [
    "CARRYING_MOVES",
    "AssignmentAdmin",
    "CourierAdmin",
    "assignment_badge",
    "availability_badge",
    "courier_choice",
]
