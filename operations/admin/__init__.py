"""The Admin pages that show what several apps know: an order with its money and courier, a user with their stores."""

from django.contrib import admin

from operations.admin.idempotency import IdempotencyKeyAdmin
from operations.admin.orders import FullOrderAdmin
from operations.admin.users import PersonAdmin

__all__ = ["FullOrderAdmin", "IdempotencyKeyAdmin", "PersonAdmin"]

admin.site.index_title = "Start"
