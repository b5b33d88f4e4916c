"""Several events as one, published by our own code."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connection, transaction

from accounts.errors import UserNotFound
from accounts.models import User
from accounts.tests.factories import make_user
from api.errors import FieldProblem
from api.request_ids import current_trace_id, request_context
from events.batches.publishing import InvalidEvents, publish_batch
from events.envelopes import Subject
from events.errors import BatchRolledBack
from events.models import Event
from events.publishing import NewEvent, publish

pytestmark = pytest.mark.django_db


def new(event_type: str = "order.created", **fields: Any) -> NewEvent:
    return NewEvent(type=event_type, subject=Subject("order", uuid4(), 1), **fields)


def outbox() -> list[tuple[str, str]]:
    return list(Event.objects.order_by("position").values_list("type", "correlation_id"))


def told() -> dict[str, Any]:
    """What the only event there is, a rolled back batch, says."""
    event = Event.objects.get()
    assert (event.type, event.subject_type) == ("batch.rolled_back", "batch")
    data: dict[str, Any] = event.data
    return data


def test_a_batch_is_published_in_order_under_one_correlation_id() -> None:
    events = publish_batch(lambda: [new("order.created"), new("order.paid"), new("stock.low")], correlation_id="c-1")

    assert outbox() == [("order.created", "c-1"), ("order.paid", "c-1"), ("stock.low", "c-1")]
    assert [event.position for event in events] == sorted(event.position for event in events)


def test_without_a_correlation_id_a_batch_has_its_requests() -> None:
    with request_context(request_id="request-1", trace_id="trace-1"):
        publish_batch(lambda: [new(), new()])
    assert outbox() == [("order.created", "trace-1")] * 2
    assert set(Event.objects.values_list("request_id", flat=True)) == {"request-1"}


def test_what_is_published_between_two_events_has_the_same_correlation_id_and_its_place() -> None:
    def make() -> Iterator[NewEvent]:
        yield new("order.created")
        publish("payment.succeeded", subject=Subject("payment", uuid4(), 1))
        yield new("order.paid")

    with request_context(trace_id="trace-1"):
        publish_batch(make, correlation_id="c-1")
        assert current_trace_id() == "trace-1"
    assert outbox() == [("order.created", "c-1"), ("payment.succeeded", "c-1"), ("order.paid", "c-1")]


def test_an_unknown_type_takes_the_whole_batch_back_and_one_event_says_so() -> None:
    user = make_user()

    def make() -> Iterator[NewEvent]:
        User.objects.filter(pk=user.pk).update(name="Changed")
        yield new()
        yield new("order.eaten", data={"contact": "Ada"})

    with pytest.raises(BatchRolledBack) as raised:
        publish_batch(make, correlation_id="c-1")

    assert told() == {"index": 1, "code": "unknown_type", "pointer": "/events/1/type"}
    assert outbox() == [("batch.rolled_back", "c-1")]
    assert raised.value.members == {"event_id": str(Event.objects.get().event_id), "correlation_id": "c-1"}
    user.refresh_from_db()
    assert user.name == ""


def test_a_failure_between_two_events_takes_the_batch_back_and_is_raised() -> None:
    user = make_user()

    def make() -> Iterator[NewEvent]:
        yield new()
        yield new()
        User.objects.filter(pk=user.pk).update(name="Changed")
        raise LookupError("Ada's address is gone")

    with pytest.raises(LookupError, match="Ada's address is gone"):
        publish_batch(make)

    assert told() == {"index": 2, "code": "internal_error", "pointer": ""}
    user.refresh_from_db()
    assert user.name == ""


def test_a_refusal_between_two_events_is_told_by_its_code() -> None:
    def make() -> Iterator[NewEvent]:
        yield new()
        raise UserNotFound("ada@example.com")

    with pytest.raises(UserNotFound):
        publish_batch(make)
    assert told() == {"index": 1, "code": "user_not_found", "pointer": ""}


def test_a_change_the_database_refuses_takes_the_batch_back() -> None:
    ada = make_user()

    def make() -> Iterator[NewEvent]:
        yield new()
        make_user(email=ada.email)

    with pytest.raises(Exception, match="email"):
        publish_batch(make)
    assert told() == {"index": 1, "code": "internal_error", "pointer": ""}


@pytest.mark.django_db(transaction=True)
def test_the_rolled_back_event_is_committed_though_the_failure_is_raised() -> None:
    with pytest.raises(BatchRolledBack):
        publish_batch(lambda: [new("order.eaten")])
    assert told()["code"] == "unknown_type"
    assert not connection.in_atomic_block


@pytest.mark.django_db(transaction=True)
def test_within_a_transaction_the_caller_decides() -> None:
    with transaction.atomic():
        publish("order.paid", subject=Subject("order", uuid4(), 1))
        with pytest.raises(BatchRolledBack):
            publish_batch(lambda: [new(), new("order.eaten")])
    assert [event_type for event_type, _ in outbox()] == ["order.paid", "batch.rolled_back"]

    def carelessly() -> None:
        with transaction.atomic():
            publish_batch(lambda: [new("order.eaten")])

    with pytest.raises(BatchRolledBack):
        carelessly()
    assert len(outbox()) == 2


def test_somebody_outside_cannot_publish_our_types_and_is_who_hears_of_it() -> None:
    publisher = uuid4()
    with pytest.raises(BatchRolledBack):
        publish_batch(lambda: [new("ext.till.closed"), new("order.paid")], publisher_id=publisher)
    assert told() == {"index": 1, "code": "unknown_type", "pointer": "/events/1/type"}
    assert Event.objects.get().publisher_id == publisher


def test_we_do_not_publish_theirs() -> None:
    with pytest.raises(BatchRolledBack):
        publish_batch(lambda: [new("ext.till.closed")])
    assert told()["code"] == "unknown_type"


def test_who_makes_the_events_may_find_them_invalid() -> None:
    problems = [FieldProblem("/events/3/data", "too_large", "."), FieldProblem("/events/5/type", "invalid", ".")]

    def make() -> list[NewEvent]:
        raise InvalidEvents(problems, index=3)

    with pytest.raises(BatchRolledBack) as raised:
        publish_batch(make)
    assert told() == {"index": 3, "code": "too_large", "pointer": "/events/3/data"}
    assert list(raised.value.errors) == problems


@pytest.mark.django_db(transaction=True)
def test_a_deadlock_is_no_failure_of_the_batch() -> None:
    class Deadlock(Exception):
        sqlstate = "40P01"
        sqlite_errorcode = 0

    tries: list[int] = []

    def make() -> Iterator[NewEvent]:
        yield new()
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError from Deadlock()

    publish_batch(make, correlation_id="c-1")
    assert (len(tries), outbox()) == (3, [("order.created", "c-1")])
