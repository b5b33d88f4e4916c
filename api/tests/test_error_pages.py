from typing import Any

import pytest
from django.test import Client
from django.urls import include, path

from api.error_pages import bad_request, csrf_failure
from api.errors import catalogue

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
urlpatterns = [path("", include("api.tests.site"))]


@pytest.fixture
def browser() -> Client:
    return Client(raise_request_exception=False, headers={"Accept": BROWSER})


@pytest.fixture
def program() -> Client:
    return Client(raise_request_exception=False, headers={"Accept": "*/*"})


@pytest.mark.parametrize("address", ["/api/nothing", "/api/things/not-a-uuid", "/api/things/%27%3BDROP%20TABLE"])
def test_a_program_gets_a_problem_for_an_unknown_api_address(program: Client, address: str) -> None:
    answer = program.get(address)

    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert (answer.json()["code"], answer["Cache-Control"]) == ("not_found", "private, no-store")
    assert answer.json()["request_id"] == answer["X-Request-ID"]


def test_a_browser_gets_a_page_for_it(browser: Client) -> None:
    answer = browser.get("/api/nothing")

    assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert answer["X-Request-ID"] in answer.content.decode()
    assert "<h1>Not found</h1>" in answer.content.decode()


def test_outside_the_api_a_page_is_the_default(program: Client) -> None:
    assert program.get("/nothing")["Content-Type"] == "text/html; charset=utf-8"
    assert program.get("/nothing", headers={"Accept": "application/json"}).json()["code"] == "not_found"


@pytest.mark.django_db
def test_a_crash_shows_a_page_without_its_reason(browser: Client) -> None:
    answer = browser.get("/api/crash")

    assert answer.status_code == 500
    assert "hunter2" not in answer.content.decode()
    assert "<h1>Internal error</h1>" in answer.content.decode()


def test_a_refused_host_gets_a_problem_without_an_address_of_ours(program: Client, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["shop.example"]
    answer = program.get("/api/old")

    assert answer.status_code == 400
    assert (answer.json()["code"], answer.json()["type"]) == ("malformed_request", "/errors/malformed_request")


def test_a_failed_csrf_check_is_a_problem(rf: Any) -> None:
    answer = csrf_failure(rf.post("/api/x", headers={"Accept": "application/json"}), reason="secret reason")

    assert answer.status_code == 403
    assert b'"code": "csrf_failed"' in answer.content
    assert b"secret reason" not in answer.content


def test_a_bad_request_says_nothing_of_its_exception(rf: Any) -> None:
    answer = bad_request(rf.get("/api/x"), ValueError("SELECT * FROM users"))

    assert answer.status_code == 400
    assert b"SELECT" not in answer.content


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_every_code_has_a_page(browser: Client, code: str) -> None:
    answer = browser.get(f"/errors/{code}")
    shown = answer.content.decode()

    assert (answer.status_code, answer["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert catalogue()[code].title.replace("'", "&#x27;") in shown
    assert "May I retry?" in shown


def test_every_code_is_in_the_list(browser: Client, program: Client) -> None:
    listed = program.get("/errors/", headers={"Accept": "application/json"}).json()["results"]

    assert [entry["code"] for entry in listed] == list(catalogue())
    assert set(listed[0]) == {"type", "code", "status", "title", "cause", "remedy", "retryable"}
    assert all(f"/errors/{code}" in browser.get("/errors/").content.decode() for code in catalogue())


def test_a_code_is_told_as_json(program: Client) -> None:
    entry = program.get("/errors/busy", headers={"Accept": "application/json"}).json()

    assert entry == {
        "type": "http://testserver/errors/busy",
        "code": "busy",
        "status": 503,
        "title": "Busy",
        "cause": catalogue()["busy"].cause,
        "remedy": catalogue()["busy"].remedy,
        "retryable": True,
    }


def test_an_unknown_code_is_not_found(program: Client) -> None:
    assert program.get("/errors/nonsense").status_code == 404
    assert program.post("/errors/busy").status_code == 405


def test_the_catalogue_may_be_cached_per_format(program: Client) -> None:
    answer = program.get("/errors/")

    assert (answer["Cache-Control"], answer["Vary"]) == ("public, max-age=300", "Accept")
