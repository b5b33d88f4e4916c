"""The dispatch console's page: who gets it, and what it may load."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.roles import Role
from accounts.tests.admin_site import signed_in
from accounts.tests.factories import make_user

pytestmark = pytest.mark.django_db

PAGE = "/admin/dispatch/"
STAFF = (Role.ADMIN, Role.DISPATCHER, Role.STORE_STAFF)


def test_it_is_a_page_of_the_admin_site() -> None:
    assert reverse("admin:dispatch") == PAGE


@pytest.mark.parametrize("role", STAFF)
def test_staff_get_the_page(role: Role) -> None:
    assert signed_in(make_user(role)).get(PAGE).status_code == 200


@pytest.mark.parametrize("role", sorted(set(Role) - set(STAFF)))
def test_others_are_sent_to_the_login(role: Role) -> None:
    assert signed_in(make_user(role)).get(PAGE).headers["Location"] == f"/admin/login/?next={PAGE}"


def test_strangers_are_sent_to_the_login() -> None:
    assert Client().get(PAGE).headers["Location"] == f"/admin/login/?next={PAGE}"


def test_it_may_load_only_what_is_ours_and_nothing_inline() -> None:
    policy = signed_in(make_user(Role.DISPATCHER)).get(PAGE).headers["Content-Security-Policy"]

    assert policy == (
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; "
        "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def test_map_tiles_may_come_from_where_the_setting_says(settings: Any) -> None:
    settings.MAP_TILE_URL = "https://{s}.tiles.example.com/{z}/{x}/{y}.png"

    page = signed_in(make_user(Role.DISPATCHER)).get(PAGE)

    assert "img-src 'self' https://*.tiles.example.com data:;" in page.headers["Content-Security-Policy"]
    assert page.context["map_tiles"] == "https://{s}.tiles.example.com/{z}/{x}/{y}.png"
