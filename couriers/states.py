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


class CourierStatus(TextChoices):
    OFFLINE = "offline", "Offline"
    AVAILABLE = "available", "Available"


class FailureReason(TextChoices):
    NOBODY_HOME = "nobody_home", "Nobody there"
    WRONG_ADDRESS = "wrong_address", "Wrong address"
    REFUSED = "refused", "Refused at the door"
    DAMAGED = "damaged", "Goods damaged"
    ACCIDENT = "accident", "Accident or breakdown"
    OTHER = "other", "Other"
