"""The Admin site as a browser uses it: forms are read from the page, changed, and sent back."""

from typing import Any

from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def filled(page: Any, **changes: Any) -> dict[str, Any]:
    """What the browser would send for the form of this page with these changes; None takes a field away."""
    form = page.context["adminform"].form
    values = _values(form)
    for inline in page.context["inline_admin_formsets"]:
        values |= _values(inline.formset.management_form)
        for row in inline.formset.forms:
            values |= _values(row)
    values |= changes
    return {name: value for name, value in values.items() if value is not None}


def _values(form: Any) -> dict[str, Any]:
    given = {field.html_name: field.value() for field in form}
    return {name: value for name, value in given.items() if value is not None and value is not False}


def buttons(page: Any) -> list[str]:
    return [button.move.name for button in page.context["buttons"]]


def press(client: Client, page: Any, name: str, **entered: Any) -> Any:
    """Press a button of the page: its hidden fields are sent with what was entered; the answer is followed."""
    button = next(button for button in page.context["buttons"] if button.move.name == name)
    return client.post(button.url, {**_values(button.form), **entered}, follow=True)


def told(page: Any) -> list[str]:
    """The messages on the page."""
    if "messages" in page.context:
        return [str(message) for message in page.context["messages"]]
    return [str(message) for message in get_messages(page.wsgi_request)]


def errors_of(page: Any) -> list[str]:
    """All errors of the page's form."""
    form = page.context["adminform"].form if "adminform" in page.context else page.context["form"]
    return [text for errors in form.errors.values() for text in errors]


def queries_of(client: Client, url: str) -> int:
    """Of a page that has been shown before, so that nothing is asked that is asked once per process."""
    assert client.get(url).status_code == 200
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)
