"""Buttons on an object's page: each one calls one service with the user as its actor.

A move without fields is a button; one with fields has a page of its own. Both are POSTs. Whether a move is offered
follows the state and the user's scopes; whether it is made, the service alone decides. A page that shows buttons of
other objects says by `next` that it wants to be shown again afterwards.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.actors import Actor
from accounts.admin_base.page import PageAdmin
from accounts.admin_base.scoped import actor_of, holds_scope
from accounts.admin_base.versioned import explain
from api.errors import CataloguedError, PreconditionFailed

STALE = "It has changed since you opened the page, so nothing was done. Look at it again before you repeat it."


class MoveForm(forms.Form):
    """`version` is the object's when the page was opened, where it has one; a button submits the hidden fields."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, target: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.target = target
        self.request = request
        self.fields["version"].initial = getattr(target, "version", None)

    @property
    def expected_version(self) -> int | None:
        return self.cleaned_data.get("version")


class Move:
    name: ClassVar[str]
    label: ClassVar[str]
    icon: ClassVar[str]
    scope: ClassVar[str]
    tone: ClassVar[str] = "default"
    explanation: ClassVar[str] = ""
    form: ClassVar[type[MoveForm]] = MoveForm

    @property
    def has_fields(self) -> bool:
        return any(not field.widget.is_hidden for field in self.form.base_fields.values())

    def is_offered(self, target: Any, *, actor: Actor) -> bool:
        return True

    def perform(self, target: Any, *, actor: Actor, form: MoveForm) -> str:
        """Call the service and say what happened, for the message above the page."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Button:
    move: Move
    url: str
    form: MoveForm


class MovingAdmin(PageAdmin):
    moves: ClassVar[Sequence[Move]] = ()

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.move_view)
        return [path("<path:object_id>/move/<slug:name>/", view, name=self._move_url_name), *super().get_urls()]

    @property
    def _move_url_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_move"

    def buttons_for(self, target: Model, *, request: HttpRequest, only: Container[str] | None = None) -> list[Button]:
        """Those that are offered now, or of them `only` the ones with these names."""
        actor = actor_of(request)
        return [
            Button(
                move=move,
                url=reverse(f"admin:{self._move_url_name}", args=(target.pk, move.name)),
                form=move.form(target=target, request=request, auto_id=False),
            )
            for move in self.moves
            if only is None or move.name in only
            if holds_scope(request, move.scope) and move.is_offered(target, actor=actor)
        ]

    def page_context(self, target: Any, *, request: HttpRequest) -> dict[str, Any]:
        buttons = self.buttons_for(target, request=request)
        return {**super().page_context(target, request=request), "buttons": buttons}

    def move_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        target = self.get_object(request, unquote(object_id))
        move = next((move for move in self.moves if move.name == name), None)
        if target is None or move is None:
            raise Http404
        if not holds_scope(request, move.scope):
            raise PermissionDenied
        if request.method == "POST":
            return self._make(move, target, request=request)
        if not move.is_offered(target, actor=actor_of(request)):
            self.message_user(request, f"“{move.label}” is not possible now.", messages.WARNING)
            return self._back(target, request=request)
        return self._ask(move, move.form(target=target, request=request), request=request)

    def _make(self, move: Move, target: Model, *, request: HttpRequest) -> HttpResponse:
        form = move.form(request.POST, target=target, request=request)
        if not form.is_valid():
            return self._ask(move, form, request=request)
        try:
            text = move.perform(target, actor=actor_of(request), form=form)
        except CataloguedError as refusal:
            return self._refuse(move, form, refusal, request=request)
        self.log_change(request, target, text)
        self.message_user(request, text, messages.SUCCESS)
        return self._back(target, request=request)

    def _refuse(self, move: Move, form: MoveForm, refusal: CataloguedError, *, request: HttpRequest) -> HttpResponse:
        stale = isinstance(refusal, PreconditionFailed)
        if not move.has_fields:
            self.message_user(request, STALE if stale else refusal.detail, messages.ERROR)
            return self._back(form.target, request=request)
        if stale:
            form.add_error(None, STALE)
        else:
            explain(form, refusal)
        return self._ask(move, form, request=request)

    def _ask(self, move: Move, form: MoveForm, *, request: HttpRequest) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": move.label,
            "subtitle": str(form.target),
            "move": move,
            "form": form,
            "original": form.target,
            "opts": self.opts,
            "carried": [("next", begun_at)] if (begun_at := _begun_at(request)) else [],
            "back_url": self._back_url(form.target, request=request),
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "admin/ours/move.html", context)

    def _url_of(self, target: Model) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=(target.pk,))

    def _back_url(self, target: Model, *, request: HttpRequest) -> str:
        return _begun_at(request) or self._url_of(target)

    def _back(self, target: Model, *, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(self._back_url(target, request=request))


def _begun_at(request: HttpRequest) -> str:
    """The page of ours that asked to be shown again; empty where that is the object's own."""
    address = request.POST.get("next") or request.GET.get("next", "")
    ours = url_has_allowed_host_and_scheme(address, allowed_hosts=None, require_https=request.is_secure())
    return address if ours else ""
