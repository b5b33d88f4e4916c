"""Moments as JSON says them everywhere, in Django REST framework's form."""

from datetime import datetime


def moment(value: datetime | None) -> str | None:
    return value.isoformat().replace("+00:00", "Z") if value else None
