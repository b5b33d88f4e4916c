"""Forms that carry the version they were opened at, saved by a service under the row's lock.

A refusal of the service, a stale version first of all, shows the form again with everything that was typed in.
"""

from functools import partial
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib.admin.utils import display_for_field
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.http import HttpRequest, QueryDict

from accounts.actors import Actor
from accounts.admin_base.page import PageAdmin
from accounts.admin_base.scoped import actor_of
from api.errors import CataloguedError, PreconditionFailed
from api.transactions import in_transaction

STALE = (
    "Somebody else saved this {name} while you were editing it, so nothing of yours was saved. "
    "Your input is still in the form. {differences} Save again to replace what is stored."
)


class VersionedForm(forms.ModelForm[Any]):
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    refusal: CataloguedError | None = None
    is_change: bool = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_change:
            self.fields["version"].required = True
            self.initial["version"] = self.instance.version

    @property
    def values(self) -> dict[str, Any]:
        """What was entered: everything of a new object, of an old one what differs from what is stored."""
        names = self.changed_data if self.is_change else self.cleaned_data
        return {name: self.cleaned_data[name] for name in names if name != "version"}

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if isinstance(self.refusal, PreconditionFailed):
            self._explain_stale()
        elif self.refusal is not None:
            explain(self, self.refusal)
        return cleaned

    def _explain_stale(self) -> None:
        """The form is bound to the row as it is now; each difference is named before the version is brought up to
        date, so a second save replaces nothing that was not shown."""
        differences = "; ".join(self._stored(name) for name in self.changed_data if name != "version")
        text = STALE.format(
            name=self.instance._meta.verbose_name,
            differences=f"Stored now: {differences}." if differences else "It stores the same as your form.",
        )
        self.add_error(None, text)
        data = cast(QueryDict, self.data).copy()
        data[self.add_prefix("version")] = str(self.instance.version)
        self.data = data

    def _stored(self, name: str) -> str:
        label = self.fields[name].label
        try:
            field = self.instance._meta.get_field(name)
        except FieldDoesNotExist:
            return f"{label}: {self.initial.get(name) or 'empty'}"
        return f"{label}: {display_for_field(getattr(self.instance, name), field, 'empty')}"


def explain(form: forms.BaseForm, refusal: CataloguedError) -> None:
    """Put each problem of a refusal at its field, where the form has one of that name, else above the form."""
    general = [refusal.detail] if not refusal.errors else []
    for problem in refusal.errors:
        name = problem.pointer.strip("/").replace("/", "_")
        if name in form.fields:
            form.add_error(name, problem.detail)
        else:
            general.append(problem.detail)
    for text in general:
        form.add_error(None, text)


def refusal_of(request: HttpRequest) -> CataloguedError | None:
    found: CataloguedError | None = vars(request).get("refusal")
    return found


class VersionedAdmin(PageAdmin):
    """Saves through the app's services: subclasses say which one creates and which one changes."""

    form = VersionedForm

    def create(self, values: dict[str, Any], *, actor: Actor) -> Model:
        raise NotImplementedError

    def apply(self, pk: UUID, values: dict[str, Any], *, actor: Actor, expected_version: int) -> Model:
        raise NotImplementedError

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """The service's transaction is the whole request's, so that the form and its inlines are saved together, and
        a refused attempt leaves nothing behind before the form is shown again."""
        show = partial(super().changeform_view, request, object_id, form_url, extra_context)
        if request.method != "POST":
            return show()
        try:
            return in_transaction(show)
        except CataloguedError as refusal:
            vars(request)["refusal"] = refusal
            return show()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.refusal, form.is_change = refusal_of(request), change
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """`obj` becomes what the service has saved, for the inlines and the message that follow."""
        actor = actor_of(request)
        if not change:
            saved = self.create(form.values, actor=actor)
        elif form.values:
            saved = self.apply(obj.pk, form.values, actor=actor, expected_version=form.cleaned_data["version"])
        else:
            return
        vars(obj).update(vars(saved))
