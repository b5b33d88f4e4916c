from django.db import models

from api.identifiers import uuid7


class Entity(models.Model):
    """A row with a time-ordered key, so that ordering by id is ordering by creation."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, editable=False)

    class Meta:
        abstract = True


class VersionedEntity(Entity):
    """A row that changes: every change raises `version`, which is the row's ETag.

    The service that changes the row, holding its lock, raises the version; nothing does it on save.
    """

    updated_at = models.DateTimeField(auto_now=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True
