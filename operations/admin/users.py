from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin import UserAdmin
from accounts.admin_base.display import EMPTY, change_list_url, change_url
from accounts.models import User
from accounts.roles import Role
from catalog.admin import MembershipRows, save_members


class StoresOfUser(MembershipRows):
    autocomplete_fields = ("store",)
    fields = ("store",)
    verbose_name = "store"
    verbose_name_plural = "Stores: staff and integrators run them, couriers ride for them (for every store without any)"


@admin.register(User)
class PersonAdmin(UserAdmin):
    inlines = (StoresOfUser,)
    list_display = (*UserAdmin.list_display, "stores")

    def reachable_by(self, user: User, rows: QuerySet[User]) -> QuerySet[User]:
        return rows.prefetch_related("memberships__store")

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        save_members(formset)

    def page_context(self, target: User, *, request: HttpRequest) -> dict[str, Any]:
        return {**super().page_context(target, request=request), "links": list(self._links(target))}

    @staticmethod
    def _links(user: User) -> list[tuple[str, str]]:
        if user.role == Role.CUSTOMER:
            return [("Orders", change_list_url("orders.order", customer__id__exact=user.pk))]
        if user.role == Role.COURIER and hasattr(user, "courier"):
            return [("Courier", change_url("couriers.courier", user.pk))]
        return []

    @admin.display(description="Stores")
    def stores(self, user: User) -> str:
        return ", ".join(membership.store.name for membership in user.memberships.all()) or EMPTY
