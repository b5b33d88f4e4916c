"""The page behind “Choose what you are told”: no login, the link says for whom it is and lets them do nothing else."""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.models import User
from notifications.forms import SettingsForm
from notifications.models import Preferences
from notifications.recipients import UnknownRecipient, key_of_token
from notifications.selectors import preferences_of, role_of
from notifications.services.choosing import change_preferences, stop_mails

# The address is the key to the page, so it goes into no Referer, no cache and no search engine.
_HEADERS: Final = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
ONE_CLICK: Final = "List-Unsubscribe"


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def notification_settings(request: HttpRequest, token: str) -> HttpResponse:
    """Exempt from CSRF protection: no cookie lets anybody in here, and mail programs unsubscribe by a bare POST."""
    try:
        recipient = key_of_token(token)
        role = role_of(recipient)
    except (UnknownRecipient, User.DoesNotExist):
        response = render(request, "notifications/unknown.html", status=404)
    else:
        response = _answer(request, recipient, role=role)
    for name, value in _HEADERS.items():
        response[name] = value
    return response


def _answer(request: HttpRequest, recipient: str, *, role: str | None) -> HttpResponse:
    if request.method != "POST":
        return _page(request, preferences_of(recipient), role=role)
    if ONE_CLICK in request.POST or "stop" in request.POST:
        return _page(request, stop_mails(recipient, role=role), role=role, is_saved=True)
    form = SettingsForm(request.POST, preferences=preferences_of(recipient), role=role)
    if not form.is_valid():
        return _page(request, preferences_of(recipient), role=role)
    saved = change_preferences(recipient, language=form.chosen_language, choices=form.chosen)
    return _page(request, saved, role=role, is_saved=True)


def _page(request: HttpRequest, preferences: Preferences, *, role: str | None, is_saved: bool = False) -> HttpResponse:
    """In the recipient's language, which may just have changed."""
    with translation.override(preferences.spoken_language):
        form = SettingsForm(preferences=preferences, role=role)
        context = {"form": form, "is_saved": is_saved, "language": preferences.spoken_language}
        return render(request, "notifications/settings.html", context)
