"""The page of the event flow, which looks again by itself."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.admin_base.display import Tone
from accounts.admin_base.scoped import holds_scope
from events.figures import Light
from operations.flow import event_flow

READ, WRITE = "events:read", "events:write"
TONES = {Light.GOOD: Tone.GOOD, Light.LATE: Tone.WARNING, Light.DEAD: Tone.BAD, Light.OFF: Tone.QUIET}
WORDS = {Light.GOOD: "Well", Light.LATE: "Late", Light.DEAD: "Dead letters", Light.OFF: "Off"}


def event_flow_page(request: HttpRequest) -> HttpResponse:
    if not holds_scope(request, READ):
        raise PermissionDenied
    flow = event_flow()
    context = {
        **admin.site.each_context(request),
        "title": "Event flow",
        "flow": flow,
        "rows": [(row, WORDS[row.light], TONES[row.light]) for row in flow.events.destinations],
        "may_redrive": holds_scope(request, WRITE),
    }
    return TemplateResponse(request, "admin/event_flow.html", context)


def event_flow_url() -> str:
    return reverse("event_flow")
