from typing import ClassVar

from django.db import models

from api.models_base import Entity


class IdempotencyKey(Entity):
    """A caller's key for one request, and the answer it got.

    Inserting the row is the lock: a twin's insert waits until this one commits. The answer is empty only inside
    the transaction that is making it. The principal is a string, such as `user:<id>`, because callers live above.
    """

    principal = models.CharField(max_length=100)
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=500)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(blank=True)
    headers = models.JSONField(default=dict)
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "api_idempotency_key"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["principal", "method", "path", "key"], name="idempotency_key_scope"),
        ]
        indexes: ClassVar = [models.Index(fields=["expires_at"], name="idempotency_key_expiry")]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.key}"
