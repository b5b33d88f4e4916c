"""Django looks for models here."""

from api.idempotency.models import IdempotencyKey

__all__ = ["IdempotencyKey"]
