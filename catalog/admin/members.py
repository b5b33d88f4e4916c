"""Who runs a store or rides for it: for those who manage users, on the store's page and on the user's."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin_base.rows import Rows
from accounts.admin_base.scoped import ScopedAdmin
from catalog.models import Membership
from catalog.services.memberships import add_member, remove_member


class MembershipRows(ScopedAdmin, Rows):
    """Nothing else on this site is deleted; a membership that ends leaves no trace worth keeping."""

    model = Membership
    read_scope = write_scope = "users:manage"
    can_add = True
    extra = 0
    hide_title = True
    autocomplete_fields = ("user",)
    fields = ("user",)
    verbose_name = "member"
    verbose_name_plural = "Members: staff and integrators run the store, couriers ride for it"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).select_related("user", "store")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A membership is added or taken away, never turned into another one."""
        return False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request)


def save_members(formset: Any) -> None:
    """Through the services, whichever side of the membership the page is about."""
    for membership in formset.save(commit=False):
        add_member(membership.store_id, user_id=membership.user_id)
    for membership in formset.deleted_objects:
        remove_member(membership.store_id, user_id=membership.user_id)
    formset.save_m2m()
