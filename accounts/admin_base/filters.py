from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import RangeDateFilter


class DaysFilter(RangeDateFilter):
    """From the beginning of one day to the end of another; either may be left out."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = f"{self.title} (days of {timezone.get_current_timezone_name()})"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        first, last = self._day("from"), self._day("to")
        if first is not None:
            queryset = queryset.filter(**{f"{self.field_path}__gte": _midnight(first)})
        if last is not None:
            queryset = queryset.filter(**{f"{self.field_path}__lt": _midnight(last + timedelta(days=1))})
        return queryset

    def _day(self, end: str) -> date | None:
        text = self.used_parameters.get(f"{self.field_path}_{end}")
        try:
            return date.fromisoformat(str(text)) if text else None
        except ValueError as error:
            raise IncorrectLookupParameters from error


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
