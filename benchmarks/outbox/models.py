from typing import ClassVar

from django.db import models


class Heard(models.Model):
    """What a destination was told, in the order in which it was told."""

    destination = models.CharField(max_length=100)
    event_id = models.UUIDField()
    subject_id = models.UUIDField()
    version = models.PositiveIntegerField()

    objects: ClassVar[models.Manager["Heard"]] = models.Manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["destination", "event_id", "id"], name="heard_first")]

    def __str__(self) -> str:
        return f"{self.destination}: {self.event_id}"
