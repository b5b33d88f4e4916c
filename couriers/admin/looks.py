from typing import Final

from django.utils.safestring import SafeString

from accounts.admin_base.display import Tone, badge
from couriers.models import Assignment, Courier
from couriers.states import AssignmentStatus, Availability

ASSIGNMENT_TONES: Final = {
    AssignmentStatus.OFFERED: Tone.WAITING,
    AssignmentStatus.ACCEPTED: Tone.MOVING,
    AssignmentStatus.PICKED_UP: Tone.MOVING,
    AssignmentStatus.DELIVERED: Tone.GOOD,
    AssignmentStatus.DECLINED: Tone.QUIET,
    AssignmentStatus.EXPIRED: Tone.QUIET,
    AssignmentStatus.RELEASED: Tone.QUIET,
    AssignmentStatus.FAILED: Tone.BAD,
}
AVAILABILITY_TONES: Final = {
    Availability.OFFLINE: Tone.QUIET,
    Availability.AVAILABLE: Tone.GOOD,
    Availability.BUSY: Tone.MOVING,
}


def assignment_badge(assignment: Assignment) -> SafeString:
    status = AssignmentStatus(assignment.status)
    return badge(status.label, tone=ASSIGNMENT_TONES[status])


def availability_badge(courier: Courier) -> SafeString:
    if not courier.is_active:
        return badge("Retired")
    return badge(courier.availability.label, tone=AVAILABILITY_TONES[courier.availability])
