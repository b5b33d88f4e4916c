from typing import TYPE_CHECKING, Any

from django.contrib.admin import ShowFacets
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.paginator import InfinitePaginator

from accounts.admin_base.scoped import ScopedAdmin, user_of
from accounts.models import User

# Unfold's class is Django's to its users, but what it annotates itself does not hold for subclasses.
if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    Page = ModelAdmin[Any]
else:
    from unfold.admin import ModelAdmin as Page


class PageAdmin(ScopedAdmin, Page):
    """A page of the Admin site, cut down to what its user may reach. Lists are never counted: tables grow large."""

    change_form_template = "admin/ours/change_form.html"
    list_filter_submit = True
    list_disable_select_all = True
    list_per_page = 50
    paginator = InfinitePaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER

    def reachable_by(self, user: User, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows this user may reach; a page of what belongs to stores narrows them down."""
        return rows

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.reachable_by(user_of(request), super().get_queryset(request))

    def page_context(self, target: Any, *, request: HttpRequest) -> dict[str, Any]:
        """What an object's page shows beside its form."""
        return {}

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Model | None = None,
    ) -> HttpResponse:
        if obj is not None:
            stored = self._as_stored(obj, request=request)
            context |= {"original": stored, **self.page_context(stored, request=request)}
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _as_stored(self, obj: Model, *, request: HttpRequest) -> Model:
        """A refused form has written what was typed into its object; around the form stands what is true."""
        if request.method != "POST":
            return obj
        stored: Model = self.get_queryset(request).get(pk=obj.pk)
        return stored
