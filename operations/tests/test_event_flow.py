"""The event flow by command and on the Admin site, and its dead letters by command."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from accounts.roles import Role
from accounts.tests.admin_site import signed_in
from accounts.tests.factories import make_user
from api.listening import QueueFigures
from events.envelopes import Subject
from events.models import DeliveryState, EventDelivery, WebhookEndpoint
from events.publishing import publish
from operations import flow

pytestmark = pytest.mark.django_db

QUEUES = (
    QueueFigures(queue="relay", waiting=3, heard_seconds_ago=1.5),
    QueueFigures(queue="webhooks", waiting=None, heard_seconds_ago=None),
)


@pytest.fixture(autouse=True)
def queues(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "queue_figures", lambda: QUEUES)


def make_delivery(
    destination: str = "payments.refund", state: str = DeliveryState.DEAD, **fields: Any
) -> EventDelivery:
    with transaction.atomic():
        event = publish("order.created", subject=Subject("order", uuid4(), 1), data={})
    return EventDelivery.objects.create(
        event=event, subject_id=event.subject_id, destination=destination, state=state, **{"attempts": 6, **fields}
    )


def said(*arguments: str) -> list[str]:
    output = StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue().splitlines()


def states() -> dict[str, str]:
    return {str(key): state for key, state in EventDelivery.objects.values_list("id", "state")}


@pytest.fixture
def letters() -> list[EventDelivery]:
    return [
        make_delivery(last_error="Timeout: slow\nprovider"),
        make_delivery(last_error="ValueError: no such payment"),
        make_delivery("couriers.release", last_error="Timeout: lock"),
    ]


def test_list_shows_each_dead_letter_in_one_line_and_how_many_there_are(letters: list[EventDelivery]) -> None:
    make_delivery(state=DeliveryState.PENDING)
    *lines, last = said("dead_letters", "list")
    assert [line.split()[0] for line in lines] == [str(letter.id) for letter in letters]
    assert lines[0].endswith("order.created to payments.refund, 6 attempts: Timeout: slow provider")
    assert last == "3 dead letters in all."


def test_list_can_be_cut_down(letters: list[EventDelivery]) -> None:
    found = said("dead_letters", "list", "--destination=payments.refund", "--reason-contains=timeout")
    assert [line.split()[0] for line in found] == [str(letters[0].id), "1"]
    assert found[-1] == "1 dead letter in all."


@pytest.mark.parametrize(
    ("options", "redriven"),
    [
        (["--all"], [0, 1, 2]),
        (["--destination=payments.refund"], [0, 1]),
        (["--all", "--reason-contains=Timeout"], [0, 2]),
        (["--destination=nobody"], []),
    ],
)
def test_redrive_sends_again_what_was_asked_for_and_nothing_else(
    letters: list[EventDelivery], options: list[str], redriven: list[int]
) -> None:
    (line,) = said("dead_letters", "redrive", *options)
    again = {str(letters[place].id) for place in redriven}
    assert {key for key, state in states().items() if state == DeliveryState.PENDING} == again
    assert line == f"{len(again)} dead letter{'' if len(again) == 1 else 's'} to be sent again."
    assert set(EventDelivery.objects.filter(id__in=again).values_list("attempts", flat=True)) <= {0}


def test_redrive_of_named_letters(letters: list[EventDelivery]) -> None:
    said("dead_letters", "redrive", f"--id={letters[0].id}", f"--id={letters[2].id}")
    assert [states()[str(letter.id)] for letter in letters] == ["pending", "dead", "pending"]


def test_redrive_of_something_else_sends_nothing_and_says_so(letters: list[EventDelivery]) -> None:
    before, stranger = states(), uuid4()
    with pytest.raises(CommandError, match=f"Nothing was sent again: no such dead letter: {stranger}"):
        said("dead_letters", "redrive", f"--id={letters[0].id}", f"--id={stranger}")
    assert states() == before


@pytest.mark.parametrize("arguments", [[], ["redrive"], ["redrive", "--all", "--destination=x"], ["bury"]])
def test_half_a_command_is_refused(letters: list[EventDelivery], arguments: list[str]) -> None:
    before = states()
    with pytest.raises(CommandError):
        said("dead_letters", *arguments)
    assert states() == before


def test_event_flow_tells_of_every_destination_and_queue(letters: list[EventDelivery]) -> None:
    make_delivery(state=DeliveryState.PENDING, attempts=2, created_at=timezone.now() - timedelta(seconds=30))
    first, *lines = said("event_flow")
    assert first.startswith("sequence 0, 4 events without one, the oldest for ")
    (refunds,) = [line for line in lines if line.split()[1] == "payments.refund"]
    assert " ".join(refunds.split()) == (
        "dead payments.refund 1 pending (1 due, 1 retried), the oldest for 30 s, 2 dead;"
        " last 5 min: 0 of 3 delivered, 14 attempts, slowest 0.0 s"
    )
    assert lines[-2:] == [
        "queue relay          3 waiting, a worker 2 s ago",
        "queue webhooks       not known, no worker heard",
    ]


def test_event_flow_as_json(letters: list[EventDelivery]) -> None:
    told = json.loads("\n".join(said("event_flow", "--json")))
    assert (told["unsequenced"], told["last_sequence"]) == (3, 0)
    rows = {row["destination"]: row for row in told["destinations"]}
    assert (rows["payments.refund"]["dead"], rows["payments.refund"]["light"]) == (2, "dead")
    assert told["queues"][0] == {"queue": "relay", "waiting": 3, "heard_seconds_ago": 1.5}


def test_page_shows_each_destination_with_its_health(letters: list[EventDelivery]) -> None:
    endpoint = WebhookEndpoint.objects.create(
        owner=make_user(Role.INTEGRATOR), url="https://shop.example/in?a=1&b=<2>", secret="s"
    )
    make_delivery(endpoint.destination, DeliveryState.DELIVERED, endpoint=endpoint, delivered_at=timezone.now())

    page = signed_in(make_user(Role.DISPATCHER)).get("/admin/event-flow/")

    words = {row.name: word for row, word, _ in page.context["rows"]}
    assert (words["payments.refund"], words[endpoint.url]) == ("Dead letters", "Well")
    text = page.content.decode()
    assert "https://shop.example/in?a=1&amp;b=&lt;2&gt;" in text
    assert "?state__exact=dead&amp;destination=payments.refund" in text
    assert "Not for a minute" in text


def test_page_sends_the_dead_letters_of_a_destination_again(letters: list[EventDelivery]) -> None:
    dispatcher = signed_in(make_user(Role.DISPATCHER))
    page = dispatcher.get("/admin/event-flow/").content.decode()
    assert page.count('name="destination" value="payments.refund"') == 1

    dispatcher.post("/admin/events/eventdelivery/redrive-all/", {"destination": "payments.refund"})
    assert [states()[str(letter.id)] for letter in letters] == ["pending", "pending", "dead"]


@pytest.mark.parametrize(("role", "status"), [(Role.ADMIN, 200), (Role.DISPATCHER, 200), (Role.STORE_STAFF, 403)])
def test_page_is_for_those_who_may_read_events(role: Role, status: int) -> None:
    assert signed_in(make_user(role)).get("/admin/event-flow/").status_code == status
