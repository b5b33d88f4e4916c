"""The states of an assignment. Offers (offered, declined, expired) come before it is accepted."""

from django.db.models import TextChoices


class AssignmentStatus(TextChoices):
    OFFERED = "offered", "Offered"
    ACCEPTED = "accepted", "Accepted"
    PICKED_UP = "picked_up", "Picked up"
    DELIVERED = "delivered", "Delivered"
    DECLINED = "declined", "Declined"
    EXPIRED = "expired", "Expired"
    RELEASED = "released", "Released"
    FAILED = "failed", "Failed"


ACTIVE = (AssignmentStatus.ACCEPTED, AssignmentStatus.PICKED_UP)
HELD = (*ACTIVE, AssignmentStatus.DELIVERED)


class DeclineReason(TextChoices):
    """Why a courier would not take an order: a code, because it goes out with the event."""

    TOO_FAR = "too_far", "Too far away"
    TOO_BIG = "too_big", "Too big or too heavy"
    BUSY = "busy", "Busy"
    END_OF_SHIFT = "end_of_shift", "Shift ends"
    OTHER = "other", "Other"


class DecidedBy(TextChoices):
    """What brought a look at an order's candidates about."""

    CADENCE = "cadence", "By itself"
    DISPATCH = "dispatch", "Asked for by dispatch"


class OfferEnd(TextChoices):
    """Why an offer ended without an answer: a code, because it goes out with the event."""

    DEADLINE = "deadline", "No answer in time"
    TAKEN = "taken", "Another courier has it"
    ORDER_CANCELLED = "order_cancelled", "Order cancelled"
    COURIER_OFFLINE = "courier_offline", "Courier went offline"


STALE_AFTER_SECONDS = 300
"""A position this old is not gone by, and somebody asks its courier what is the matter."""


class CourierStatus(TextChoices):
    """What a courier says of themselves."""

    OFFLINE = "offline", "Offline"
    AVAILABLE = "available", "Available"


class Availability(TextChoices):
    """What others see of it: busy is a courier who is online with their hands full."""

    OFFLINE = "offline", "Offline"
    AVAILABLE = "available", "Available"
    BUSY = "busy", "Busy"


class FailureReason(TextChoices):
    NOBODY_HOME = "nobody_home", "Nobody there"
    WRONG_ADDRESS = "wrong_address", "Wrong address"
    REFUSED = "refused", "Refused at the door"
    DAMAGED = "damaged", "Goods damaged"
    ACCIDENT = "accident", "Accident or breakdown"
    OTHER = "other", "Other"


class ReleaseReason(TextChoices):
    """Why an assignment ended before pickup: a code, because it goes out with the event."""

    GIVEN_BACK = "given_back", "Given back by the courier"
    UNASSIGNED = "unassigned", "Unassigned by staff"
    REASSIGNED = "reassigned", "Given to another courier by staff"
    ORDER_CANCELLED = "order_cancelled", "Order cancelled"
