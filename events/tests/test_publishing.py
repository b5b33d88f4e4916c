from uuid import uuid4

import pytest
from django.db import transaction

from api.request_ids import request_context
from events.envelopes import Envelope, Subject
from events.handlers import handles
from events.models import Event
from events.publishing import OutsideTransaction, publish

SUBJECT = Subject("order", uuid4(), 3)


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_a_transaction_is_refused() -> None:
    with pytest.raises(OutsideTransaction):
        publish("order.created", subject=SUBJECT)
    assert Event.objects.count() == 0


@pytest.mark.django_db
def test_an_unknown_event_type_is_refused() -> None:
    with pytest.raises(ValueError, match=r"unknown event type order\.eaten"):
        publish("order.eaten", subject=SUBJECT)
    assert Event.objects.count() == 0


@pytest.mark.django_db
def test_an_event_goes_with_the_transaction_that_is_taken_back() -> None:
    with transaction.atomic():
        publish("order.created", subject=SUBJECT)
        transaction.set_rollback(True)
    assert Event.objects.count() == 0


@pytest.mark.django_db
def test_an_event_carries_the_ids_of_its_request() -> None:
    with request_context(request_id="request-1", trace_id="trace-1"):
        event = publish("order.created", subject=SUBJECT, data={"total": "12.50"})
    stored = Event.objects.get(position=event.position)
    assert (stored.request_id, stored.correlation_id) == ("request-1", "trace-1")
    assert (stored.subject_type, stored.subject_id, stored.subject_version) == ("order", SUBJECT.id, 3)
    assert stored.data == {"total": "12.50"}
    assert stored.sequence is None


@pytest.mark.django_db
def test_an_event_without_a_sequence_has_no_envelope() -> None:
    event = publish("order.created", subject=SUBJECT)
    with pytest.raises(ValueError, match="has no sequence yet"):
        Envelope.of(event)


def test_a_handler_for_an_unknown_event_is_refused() -> None:
    with pytest.raises(ValueError, match=r"unknown events: ext\.loyalty"):
        handles("ext.loyalty", name="curious")


def test_two_handlers_of_one_name_are_refused(heard: list[Envelope]) -> None:
    register = handles("order.paid", name="recorder")
    with pytest.raises(ValueError, match="two handlers are named recorder"):
        register(heard.append)
