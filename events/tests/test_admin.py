import pytest
from django.test import Client
from django.urls import reverse

from accounts.roles import Role
from accounts.tests.admin_site import buttons, press, queries_of, signed_in, told
from accounts.tests.factories import make_user
from api.identifiers import uuid7
from events.models import DeliveryState, Event, EventDelivery

pytestmark = pytest.mark.django_db

DELIVERIES = "/admin/events/eventdelivery/"


def make_dead_letter(destination: str = "shop.bell", *, state: DeliveryState = DeliveryState.DEAD) -> EventDelivery:
    event = Event.objects.create(
        type="order.created", subject_type="order", subject_id=uuid7(), subject_version=1, correlation_id="c-1"
    )
    return EventDelivery.objects.create(
        event=event,
        subject_id=event.subject_id,
        destination=destination,
        state=state,
        attempts=6,
        last_error="OperationalError: gone",
    )


@pytest.fixture
def dispatcher() -> Client:
    return signed_in(make_user(Role.DISPATCHER))


def states() -> list[tuple[str, str, int]]:
    return list(EventDelivery.objects.order_by("id").values_list("destination", "state", "attempts"))


def test_dead_letter_is_sent_again_by_its_button(dispatcher: Client) -> None:
    dead = make_dead_letter()
    page = dispatcher.get(f"{DELIVERIES}{dead.pk}/change/")
    assert buttons(page) == ["redrive", "discard"]

    answer = press(dispatcher, page, "redrive")

    assert told(answer) == ["1 dead letter is sent again."]
    assert states() == [("shop.bell", "pending", 0)]


def test_dead_letter_is_discarded_with_a_reason(dispatcher: Client) -> None:
    dead = make_dead_letter()
    page = dispatcher.get(f"{DELIVERIES}{dead.pk}/change/")

    answer = press(dispatcher, page, "discard", reason="Refunded by hand")

    assert told(answer) == ["The dead letter is discarded."]
    dead.refresh_from_db()
    assert (dead.state, dead.last_error) == (
        "discarded", "Discarded by Dispatcher: Refunded by hand\nOperationalError: gone",
    )  # fmt: skip
    assert buttons(dispatcher.get(f"{DELIVERIES}{dead.pk}/change/")) == []


def test_what_was_sent_again_meanwhile_is_not_discarded(dispatcher: Client) -> None:
    dead = make_dead_letter()
    page = dispatcher.get(f"{DELIVERIES}{dead.pk}/change/")
    EventDelivery.objects.update(state=DeliveryState.PENDING)

    answer = press(dispatcher, page, "discard", reason="Refunded by hand")

    assert told(answer) == ["It is no dead letter any more; nothing was done."]
    assert EventDelivery.objects.get().state == "pending"


def test_button_pressed_twice_says_that_nothing_was_left_to_do(dispatcher: Client) -> None:
    dead = make_dead_letter()
    page = dispatcher.get(f"{DELIVERIES}{dead.pk}/change/")
    press(dispatcher, page, "redrive")

    answer = press(dispatcher, page, "redrive")

    assert told(answer) == ["None of them is a dead letter any more; nothing was sent again."]
    assert states() == [("shop.bell", "pending", 0)]


def test_selected_dead_letters_are_sent_again(dispatcher: Client) -> None:
    chosen, other = make_dead_letter(), make_dead_letter()

    answer = dispatcher.post(
        DELIVERIES, {"action": "redrive_selected", "_selected_action": [str(chosen.pk)], "index": "0"}, follow=True
    )

    assert told(answer) == ["1 dead letter is sent again."]
    assert states() == [("shop.bell", "pending", 0), ("shop.bell", "dead", other.attempts)]


def test_all_dead_letters_of_one_destination_are_sent_again(dispatcher: Client) -> None:
    for destination in ("shop.bell", "shop.bell", "shop.lamp"):
        make_dead_letter(destination)
    page = dispatcher.get(DELIVERIES)
    assert [(grave["destination"], grave["number"]) for grave in page.context["graves"]] == [
        ("shop.bell", 2),
        ("shop.lamp", 1),
    ]

    url = reverse("admin:events_eventdelivery_redrive_all")
    answer = dispatcher.post(url, {"destination": "shop.bell"}, follow=True)

    assert told(answer) == ["2 dead letters are sent again."]
    assert states() == [("shop.bell", "pending", 0), ("shop.bell", "pending", 0), ("shop.lamp", "dead", 6)]


def test_sending_again_takes_a_post_with_the_csrf_token(dispatcher: Client) -> None:
    dead = make_dead_letter()
    guarded = Client(enforce_csrf_checks=True)
    guarded.cookies = dispatcher.cookies
    all_of_it = reverse("admin:events_eventdelivery_redrive_all")

    assert dispatcher.get(all_of_it, {"destination": "shop.bell"}).status_code == 405
    assert guarded.post(all_of_it, {"destination": "shop.bell"}).status_code == 403
    assert guarded.post(f"{DELIVERIES}{dead.pk}/move/redrive/").status_code == 403
    assert states() == [("shop.bell", "dead", 6)]


def test_crafted_form_changes_neither_event_nor_delivery(dispatcher: Client) -> None:
    dead = make_dead_letter()

    for url in (f"{DELIVERIES}{dead.pk}/change/", f"/admin/events/event/{dead.event_id}/change/"):
        assert dispatcher.post(url, {"state": "delivered", "attempts": "0", "type": "order.paid"}).status_code == 403

    assert states() == [("shop.bell", "dead", 6)]
    assert Event.objects.get().type == "order.created"


def test_lists_ask_no_more_for_many_rows_than_for_few(dispatcher: Client) -> None:
    urls = (DELIVERIES, "/admin/events/event/")
    for _ in range(2):
        make_dead_letter()
    few = [queries_of(dispatcher, url) for url in urls]

    for _ in range(48):
        make_dead_letter()

    assert [queries_of(dispatcher, url) for url in urls] == few
    assert max(few) <= 7


def test_search_finds_an_event_by_its_subject(dispatcher: Client) -> None:
    wanted = make_dead_letter().event
    make_dead_letter()

    page = dispatcher.get("/admin/events/event/", {"q": str(wanted.subject_id)})

    assert [event.pk for event in page.context["cl"].result_list] == [wanted.pk]
