import pytest

from couriers.vehicles import PACES, Pace, Vehicle, pace_of


def test_every_vehicle_has_a_pace_that_it_can_exceed() -> None:
    assert set(PACES) == set(Vehicle)
    assert [vehicle for vehicle, pace in PACES.items() if not 0 < pace.usual_kmh < pace.top_kmh] == []


@pytest.mark.parametrize(
    ("top_speed_kmh", "pace"),
    [
        pytest.param(None, Pace(usual_kmh=15, top_kmh=50), id="the vehicle's own"),
        pytest.param(10, Pace(usual_kmh=7, top_kmh=10), id="slower people are slower on average"),
        pytest.param(40, Pace(usual_kmh=15, top_kmh=40), id="who could go faster is held up by traffic"),
        pytest.param(1000, Pace(usual_kmh=700, top_kmh=1000), id="simulated time runs faster for all"),
    ],
)
def test_pace_of_a_bicycle(top_speed_kmh: int | None, pace: Pace) -> None:
    assert pace_of("bicycle", top_speed_kmh=top_speed_kmh) == pace
