import re
from typing import ClassVar, Final

from django.contrib import admin
from django.db.models import Q
from django.utils.safestring import SafeString

from accounts.admin_base.display import moment
from accounts.admin_base.filters import DaysFilter
from accounts.admin_base.searching import ExactSearchAdmin
from api.idempotency.models import IdempotencyKey

SECRET: Final = re.compile("whsec_[A-Za-z0-9+/=_-]+")


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ExactSearchAdmin):
    """What a caller was answered under a key; here because `api` knows nobody who could look at it."""

    read_scope = "users:manage"
    list_display = ("key", "method", "path", "status", "principal", "made", "expires")
    list_filter = (("created_at", DaysFilter),)
    ordering = ("-id",)
    sortable_by = ()
    search_help_text = "The key, its principal (user:<id>) or the path"
    fields: ClassVar[tuple[str, ...]] = (
        "key", "method", "path", "principal", "status", "fingerprint", "headers", "answer", "created_at", "expires_at",
    )  # fmt: skip

    readonly_fields = ("answer",)

    @admin.display(description="Body")
    def answer(self, row: IdempotencyKey) -> str:
        """Without the secrets in it, which are shown to nobody a second time but to whoever repeats the request."""
        return SECRET.sub("whsec_…", row.body)

    def found_by(self, term: str) -> Q:
        return Q(key=term) | Q(principal=term) | Q(path=term)

    @admin.display(description="Made (UTC)")
    def made(self, row: IdempotencyKey) -> SafeString | str:
        return moment(row.created_at)

    @admin.display(description="Expires (UTC)")
    def expires(self, row: IdempotencyKey) -> SafeString | str:
        return moment(row.expires_at)
