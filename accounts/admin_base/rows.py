from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin_base.scoped import ScopedAdmin

# As for pages: Django's types, Unfold's looks.
if TYPE_CHECKING:
    from django.contrib.admin import TabularInline

    Rows = TabularInline[Any, Any]
else:
    from unfold.admin import TabularInline as Rows


class ReadOnlyRows(ScopedAdmin, Rows):
    """Rows on their parent's page, to look at. Subclasses name their columns, and the relations these follow."""

    columns: ClassVar[tuple[str, ...]]
    related: ClassVar[tuple[str, ...]] = ()
    extra = 0
    max_num = 0
    can_delete = False
    hide_title = True

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.columns

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.columns

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related(*self.related)
