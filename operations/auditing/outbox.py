"""Events: none missing, none out of place, none given up."""

from datetime import datetime
from itertools import chain
from typing import Final

from django.db.models import BigIntegerField, Case, Exists, F, Max, Min, OuterRef, Q, QuerySet, Value, When, Window
from django.db.models.functions import Coalesce, Concat, Lag
from django.utils import timezone

from couriers.models import Assignment
from couriers.states import AssignmentStatus
from events.models import DeliveryState, Event, EventDelivery, SequenceCounter
from events.type_names import OUTSIDE
from events.types import EVENT_TYPES
from operations.auditing.findings import Check, Findings, findings
from operations.auditing.retained import is_retained
from orders.models import TimelineEntry
from payments.models import Payment, PaymentStatus, Refund, RefundStatus

TOLD_BY_ASSIGNMENT: Final = (AssignmentStatus.RELEASED, AssignmentStatus.DECLINED, AssignmentStatus.EXPIRED)
AFTER_ALL_OTHERS: Final = Value(2**62, output_field=BigIntegerField())
WRITER: Final = Case(When(type__startswith=OUTSIDE, then=F("publisher_id")))


def order_changes_have_events() -> Findings:
    """Both ways: timeline entries without the event of the same name and version, and events without an entry."""
    events = Event.objects.filter(subject_type="order", type__startswith="order.")
    told = events.filter(
        type=Concat(Value("order."), OuterRef("what")),
        subject_id=OuterRef("order_id"),
        subject_version=OuterRef("order_version"),
    )
    entry = TimelineEntry.objects.filter(order=OuterRef("subject_id"), order_version=OuterRef("subject_version"))
    entries = TimelineEntry.objects.filter(is_retained("created_at"))
    untold = entries.order_by("id").filter(~Exists(told)).values_list("order_id", flat=True)
    unfounded = events.order_by("position").filter(~Exists(entry)).values_list("subject_id", flat=True)
    return findings(examined=entries.count(), offenders=chain(untold.iterator(), unfounded.iterator()))


def money_changes_have_events() -> Findings:
    """When something has failed is not kept: then it counts from when it was made, which asks for less and not more."""
    settled = {"settled_at": Coalesce("succeeded_at", "created_at")}
    payments = Payment.objects.annotate(**settled).exclude(status=PaymentStatus.PENDING)
    refunds = Refund.objects.annotate(**settled).exclude(status=RefundStatus.PENDING)
    payments, refunds = payments.filter(is_retained("settled_at")), refunds.filter(is_retained("settled_at"))
    untold = (
        payments.order_by("id").filter(~Exists(_event_of_status("payment"))).values_list("id", flat=True),
        refunds.order_by("id").filter(~Exists(_event_of_status("refund"))).values_list("id", flat=True),
    )
    return findings(
        examined=payments.count() + refunds.count(),
        offenders=chain.from_iterable(ids.iterator() for ids in untold),
    )


def assignment_changes_have_events() -> Findings:
    """Pick-up, delivery and failure are told by the order's events."""
    taken_on = Assignment.objects.filter(is_retained("accepted_at"), accepted_at__isnull=False)
    ended = Assignment.objects.filter(is_retained("ended_at"), status__in=TOLD_BY_ASSIGNMENT)
    of_it = Event.objects.filter(subject_type="assignment", subject_id=OuterRef("pk"))
    untold = (
        taken_on.order_by("id").filter(~Exists(of_it.filter(type="assignment.accepted"))).values_list("id", flat=True),
        ended.order_by("id").filter(~Exists(_event_of_status("assignment"))).values_list("id", flat=True),
    )
    return findings(
        examined=Assignment.objects.count(), offenders=chain.from_iterable(ids.iterator() for ids in untold)
    )


def _event_of_status(subject: str) -> QuerySet[Event]:
    """Those named for the state that the row of the outer query has reached."""
    return Event.objects.filter(
        subject_type=subject, subject_id=OuterRef("pk"), type=Concat(Value(f"{subject}."), OuterRef("status"))
    )


def sequence_has_no_gaps() -> Findings:
    """From the first kept to the counter, none left out. An offender is the sequence before which one is missing."""
    sequenced = Event.objects.filter(sequence__isnull=False)
    counter = SequenceCounter.objects.aggregate(last=Coalesce(Max("last"), 0), removed=Coalesce(Max("removed"), 0))
    lag = Window(Lag("sequence"), order_by="sequence")
    before = Coalesce(lag, counter["removed"], output_field=BigIntegerField())
    after_gap = sequenced.annotate(before=before).exclude(sequence=F("before") + 1).order_by("sequence")
    highest = sequenced.aggregate(highest=Coalesce(Max("sequence"), counter["removed"]))["highest"]
    off_counter = [] if counter["last"] == highest else [f"counter {counter['last']}, highest {highest}"]
    return findings(
        examined=sequenced.count(),
        offenders=chain(after_gap.values_list("sequence", flat=True).iterator(), off_counter),
    )


def events_keep_their_order() -> Findings:
    """One subject's events are written under its lock, one after the other, and must be read in that order.

    Of events from outside this holds for each publisher, under whose account's lock they are written.
    """
    place = Coalesce(F("sequence"), AFTER_ALL_OTHERS)
    before = Window(Lag(place), partition_by=("subject_type", "subject_id", WRITER), order_by="position")
    overtaken = Event.objects.annotate(place=place, before=before).filter(before__gt=F("place")).order_by("position")
    return findings(examined=Event.objects.count(), offenders=overtaken.values_list("event_id", flat=True).iterator())


def events_are_known() -> Findings:
    strangers = Event.objects.exclude(Q(type__in=EVENT_TYPES) | Q(type__startswith=OUTSIDE))
    offenders = strangers.order_by("position").values_list("event_id", flat=True)
    return findings(examined=Event.objects.count(), offenders=offenders.iterator())


def events_arrive() -> Findings:
    """What waits is pending, and no fault. A dead letter of ours is one: what it asks for is not going to happen by
    itself. One at somebody's webhook endpoint is theirs: what their receiver does breaks nothing here."""
    waiting = EventDelivery.objects.filter(state=DeliveryState.PENDING)
    unsequenced = Event.objects.filter(sequence__isnull=True)
    dead = EventDelivery.objects.in_process().filter(state=DeliveryState.DEAD).order_by("id")
    since = [
        waiting.aggregate(since=Min("event__occurred_at"))["since"],
        unsequenced.aggregate(since=Min("occurred_at"))["since"],
    ]
    return findings(
        examined=EventDelivery.objects.count() + unsequenced.count(),
        offenders=(f"{number} to {destination}" for number, destination in dead.values_list("id", "destination")),
        pending=waiting.count() + unsequenced.count(),
        note=_age_of_oldest([moment for moment in since if moment is not None]),
    )


def _age_of_oldest(moments: list[datetime]) -> str:
    if not moments:
        return ""
    return f"oldest waits for {(timezone.now() - min(moments)).total_seconds():.0f} s"


CHECKS: Final = (
    Check(
        "order-changes-have-events",
        "Every timeline entry has its event, of its name and version, and every order event has its entry.",
        order_changes_have_events,
    ),
    Check(
        "money-changes-have-events",
        "Every payment and refund that has succeeded or failed has the event that says so.",
        money_changes_have_events,
    ),
    Check(
        "assignment-changes-have-events",
        "Every assignment that was accepted, released, declined or expired has the event that says so.",
        assignment_changes_have_events,
    ),
    Check(
        "sequence-without-gaps",
        "Event sequences run from the first kept to the counter without a gap.",
        sequence_has_no_gaps,
    ),
    Check("events-in-order", "The events of one subject are sequenced as they happened.", events_keep_their_order),
    Check("events-known", "Every event is of a published type, or an integrator's own.", events_are_known),
    Check(
        "events-arrive",
        "No delivery to a part of this platform is a dead letter; those under way are counted as pending.",
        events_arrive,
    ),
)
