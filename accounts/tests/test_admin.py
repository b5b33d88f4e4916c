from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.roles import Role
from accounts.tests.admin_site import buttons, errors_of, filled, press, signed_in, told
from accounts.tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

USERS = "/admin/accounts/user/"
LOGIN = "/admin/login/"
NEW_PASSWORD = "a quiet river at noon"
NO_STORES = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}


@pytest.fixture
def admin() -> Client:
    return signed_in(make_user(Role.ADMIN))


def page_of(client: Client, user: User) -> Any:
    return client.get(f"{USERS}{user.pk}/change/")


def stored(user: User) -> dict[str, Any]:
    return dict(User.objects.filter(pk=user.pk).values().get())


@pytest.mark.parametrize("role", [Role.ADMIN, Role.DISPATCHER, Role.STORE_STAFF])
def test_staff_sign_in_with_their_email_address_whatever_its_case(role: Role) -> None:
    user = make_user(role, password=PASSWORD)
    client = Client()
    page = client.get(LOGIN)
    assert '<input type="hidden" form="login-form" name="next" value="/admin/">' in page.text

    answer = client.post(LOGIN, {"username": user.email.upper(), "password": PASSWORD, "next": "/admin/"})

    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.COURIER, Role.INTEGRATOR])
def test_others_cannot_enter(role: Role) -> None:
    user = make_user(role, password=PASSWORD)
    client = Client()

    answer = client.post(LOGIN, {"username": user.email, "password": PASSWORD, "next": "/admin/"})
    assert answer.status_code == 200
    assert "_auth_user_id" not in client.session

    assert signed_in(user).get("/admin/").headers["Location"] == "/admin/login/?next=/admin/"


def test_user_is_created_with_a_password_and_a_role(admin: Client) -> None:
    answer = admin.post(
        f"{USERS}add/",
        {
            **NO_STORES,
            "email": "Ada@Example.com",
            "name": "Ada",
            "role": "dispatcher",
            "is_active": "on",
            "password": PASSWORD,
            "repeated": PASSWORD,
        },
        follow=True,
    )

    ada = User.objects.get(email="ada@example.com")
    assert answer.status_code == 200
    assert (ada.name, ada.role, ada.is_active, ada.version) == ("Ada", "dispatcher", True, 1)
    assert ada.check_password(PASSWORD)


@pytest.mark.parametrize(
    ("password", "repeated", "problem"),
    [
        ("short", "short", "This password is too short. It must contain at least 10 characters."),
        ("password123", "password123", "This password is too common."),
        (PASSWORD, NEW_PASSWORD, "The two passwords differ."),
    ],
)
def test_weak_or_mistyped_password_makes_no_user(admin: Client, password: str, repeated: str, problem: str) -> None:
    person = {**NO_STORES, "email": "ada@example.com", "name": "Ada", "role": "dispatcher"}

    page = admin.post(f"{USERS}add/", {**person, "password": password, "repeated": repeated})

    assert problem in errors_of(page)
    assert page.context["adminform"].form["name"].value() == "Ada"
    assert not User.objects.filter(email="ada@example.com").exists()


def test_taken_address_is_told_at_its_field(admin: Client) -> None:
    ada, bob = make_user(email="ada@example.com"), make_user()
    page = page_of(admin, bob)

    answer = admin.post(page.request["PATH_INFO"], filled(page, email="ada@example.com"))

    assert answer.context["adminform"].form.errors["email"] == ["User with this Email already exists."]
    assert stored(bob)["version"] == 1
    assert stored(ada)["version"] == 1


def test_change_is_saved_under_the_next_version(admin: Client) -> None:
    user = make_user(Role.DISPATCHER, name="Ada")
    page = page_of(admin, user)

    admin.post(page.request["PATH_INFO"], filled(page, name="Ada Lovelace", role="store_staff"), follow=True)

    row = stored(user)
    assert (row["name"], row["role"], row["version"]) == ("Ada Lovelace", "store_staff", 2)


def test_stale_save_is_refused_and_keeps_what_was_typed(admin: Client) -> None:
    user = make_user(name="Ada", phone="1")
    page = page_of(admin, user)
    User.objects.filter(pk=user.pk).update(phone="2", version=2)

    answer = admin.post(page.request["PATH_INFO"], filled(page, name="Ada Lovelace"))

    (refusal,) = errors_of(answer)
    assert refusal.startswith("Somebody else saved this user while you were editing it, so nothing of yours was saved.")
    assert "Stored now: Name: Ada; Phone: 2." in refusal
    form = answer.context["adminform"].form
    assert (form["name"].value(), form["phone"].value()) == ("Ada Lovelace", "1")
    row = stored(user)
    assert (row["name"], row["phone"], row["version"]) == ("Ada", "2", 2)


def test_saving_again_after_seeing_the_difference_replaces_it(admin: Client) -> None:
    user = make_user(name="Ada", phone="1")
    page = page_of(admin, user)
    User.objects.filter(pk=user.pk).update(phone="2", version=2)
    refused = admin.post(page.request["PATH_INFO"], filled(page, name="Ada Lovelace"))

    admin.post(page.request["PATH_INFO"], filled(refused), follow=True)

    row = stored(user)
    assert (row["name"], row["phone"], row["version"]) == ("Ada Lovelace", "1", 3)


def test_form_without_its_version_is_refused(admin: Client) -> None:
    user = make_user(name="Ada")
    page = page_of(admin, user)

    answer = admin.post(page.request["PATH_INFO"], filled(page, name="Eve", version=None))

    assert answer.status_code == 200
    assert stored(user)["name"] == "Ada"


def test_nobody_takes_away_their_own_rights() -> None:
    user = make_user(Role.ADMIN)
    client = signed_in(user)
    page = page_of(client, user)

    answer = client.post(page.request["PATH_INFO"], filled(page, role="customer"))

    assert errors_of(answer) == ["You cannot take away your own administrator role."]
    assert stored(user)["role"] == "admin"


def test_half_a_dropoff_is_refused(admin: Client) -> None:
    user = make_user()
    page = page_of(admin, user)

    answer = admin.post(page.request["PATH_INFO"], filled(page, dropoff_address="1 Main St"))

    assert errors_of(answer) == ["A saved drop-off needs its address, latitude and longitude."]
    assert stored(user)["dropoff_address"] == ""


def test_dropoff_is_saved_and_taken_away_whole(admin: Client) -> None:
    user = make_user()
    page = page_of(admin, user)
    place = {"dropoff_address": "1 Main St", "dropoff_latitude": "52.5", "dropoff_longitude": "13.4"}
    admin.post(page.request["PATH_INFO"], filled(page, **place))
    assert (stored(user)["dropoff_address"], stored(user)["dropoff_latitude"]) == ("1 Main St", 52.5)

    page = page_of(admin, user)
    admin.post(page.request["PATH_INFO"], filled(page, **dict.fromkeys(place)))

    assert (stored(user)["dropoff_address"], stored(user)["dropoff_latitude"]) == ("", None)


def test_password_is_set_by_its_button_and_ends_their_sessions(admin: Client) -> None:
    user = make_user(Role.DISPATCHER, password=PASSWORD)
    theirs = signed_in(user)
    page = page_of(admin, user)
    assert buttons(page) == ["password"]

    answer = press(admin, page, "password", password=NEW_PASSWORD, repeated=NEW_PASSWORD)

    assert told(answer) == [f"{user.email} has a new password."]
    assert User.objects.get(pk=user.pk).check_password(NEW_PASSWORD)
    assert theirs.get("/admin/").status_code == 302


def test_administrator_who_sets_their_own_password_stays_signed_in() -> None:
    user = make_user(Role.ADMIN, password=PASSWORD)
    client, elsewhere = signed_in(user), signed_in(user)

    answer = press(client, page_of(client, user), "password", password=NEW_PASSWORD, repeated=NEW_PASSWORD)

    assert told(answer) == [f"{user.email} has a new password."]
    assert client.get("/admin/").status_code == 200
    assert elsewhere.get("/admin/").status_code == 302


def test_own_password_is_changed_and_one_stays_signed_in() -> None:
    user = make_user(Role.DISPATCHER, password=PASSWORD)
    client = signed_in(user)
    entered = {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}

    answer = client.post("/admin/password_change/", entered)

    assert answer.status_code == 302
    assert User.objects.get(pk=user.pk).check_password(NEW_PASSWORD)
    assert stored(user)["version"] == 2
    assert client.get("/admin/").status_code == 200


def test_nothing_can_be_deleted(admin: Client) -> None:
    user = make_user()

    assert admin.post(f"{USERS}{user.pk}/delete/", {"post": "yes"}).status_code == 403
    admin.post(USERS, {"action": "delete_selected", "_selected_action": [str(user.pk)], "post": "yes"})

    assert User.objects.filter(pk=user.pk).exists()


def test_rights_that_come_from_elsewhere_have_no_pages(admin: Client) -> None:
    for path in ("auth/group", "token_blacklist/outstandingtoken", "token_blacklist/blacklistedtoken"):
        assert admin.get(f"/admin/{path}/").status_code == 404
