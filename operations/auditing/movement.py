"""Whether couriers could have been where they say they were."""

from typing import Any, Final

from django.db.models import Case, F, FloatField, Func, Value, When, Window
from django.db.models.expressions import Combinable
from django.db.models.functions import ASin, Cast, Coalesce, Cos, Lag, Least, Power, Radians, Sin, Sqrt

from catalog.geography import EARTH_RADIUS_M
from couriers.models import CourierPosition
from couriers.vehicles import PACES
from operations.auditing.findings import Check, Findings, findings

# What is allowed to a position that does not say how sure it is: GPS between houses.
UNKNOWN_ACCURACY_M: Final = 30.0
# Coordinates and moments are rounded on their way here.
ROUNDING_M: Final = 1.0
SECONDS_PER_HOUR: Final = 3600
METRES_PER_KM: Final = 1000


class SecondsSince(Func):
    """From the second moment to the first, as a number: only PostgreSQL has a type for durations."""

    output_field = FloatField()
    arity = 2

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = "CAST(EXTRACT(EPOCH FROM (%(expressions)s)) AS double precision)"
        return self.as_sql(compiler, connection, template=template, arg_joiner=" - ", **extra)

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = "(django_timestamp_diff(%(expressions)s) / 1000000.0)"
        return self.as_sql(compiler, connection, template=template, **extra)


def couriers_move_as_fast_as_they_can() -> Findings:
    """From each position of a courier to the next, by the moments the courier's own clock says.

    What two positions may be off together is not held against the courier.
    """
    steps = CourierPosition.objects.annotate(
        latitude_before=_before("latitude"),
        longitude_before=_before("longitude"),
        accuracy_before=_before("accuracy_m"),
        seconds=SecondsSince(F("recorded_at"), _before("recorded_at")),
    )
    measured = steps.annotate(
        moved_m=distance_m(F("latitude_before"), F("longitude_before"), F("latitude"), F("longitude")),
        reachable_m=F("seconds") * _top_speed() + _slack(),
    )
    impossible = measured.filter(latitude_before__isnull=False, moved_m__gt=F("reachable_m"))
    leaps = impossible.order_by("courier_id", "recorded_at").values_list("courier_id", "moved_m", "seconds")
    return findings(
        examined=CourierPosition.objects.count(),
        offenders=(f"{courier}: {metres:.0f} m in {seconds:.1f} s" for courier, metres, seconds in leaps.iterator()),
    )


def _before(field: str) -> Window:
    return Window(Lag(field), partition_by="courier_id", order_by="recorded_at")


def _top_speed() -> Combinable:
    """Metres per second: the courier's own, else what their vehicle can."""
    by_vehicle = (When(courier__vehicle=vehicle, then=Value(float(pace.top_kmh))) for vehicle, pace in PACES.items())
    of_vehicle = Case(*by_vehicle, output_field=FloatField())
    return Coalesce(Cast("courier__top_speed_kmh", FloatField()), of_vehicle) * METRES_PER_KM / SECONDS_PER_HOUR


def _slack() -> Combinable:
    here, before = Coalesce(F("accuracy_m"), UNKNOWN_ACCURACY_M), Coalesce(F("accuracy_before"), UNKNOWN_ACCURACY_M)
    return here + before + ROUNDING_M


def distance_m(
    from_latitude: Combinable, from_longitude: Combinable, to_latitude: Combinable, to_longitude: Combinable
) -> Combinable:
    """`catalog.geography.distance_m` as the database computes it."""
    north = Power(Sin(Radians(to_latitude - from_latitude) / 2), 2)
    east = Power(Sin(Radians(to_longitude - from_longitude) / 2), 2)
    chord = north + Cos(Radians(from_latitude)) * Cos(Radians(to_latitude)) * east
    return ASin(Least(Sqrt(chord), 1.0)) * (2 * EARTH_RADIUS_M)


CHECKS: Final = (
    Check(
        "couriers-move-plausibly",
        "No courier has moved faster than their top speed, or their vehicle's, allows.",
        couriers_move_as_fast_as_they_can,
    ),
)
