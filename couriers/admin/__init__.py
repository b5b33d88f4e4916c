from couriers.admin.assignments import AssignmentAdmin
from couriers.admin.couriers import CourierAdmin
from couriers.admin.looks import assignment_badge, availability_badge
from couriers.admin.order_moves import CARRYING_MOVES, courier_choice

__all__ = [
    "CARRYING_MOVES",
    "AssignmentAdmin",
    "CourierAdmin",
    "assignment_badge",
    "availability_badge",
    "courier_choice",
]
