import pytest

from catalog.geography import EARTH_RADIUS_M, Position, distance_m

BERLIN = Position(52.5200, 13.4050)
PARIS = Position(48.8566, 2.3522)


def test_a_place_is_nowhere_from_itself() -> None:
    assert distance_m(BERLIN, BERLIN) == 0


def test_the_distance_between_two_cities_is_the_known_one() -> None:
    assert distance_m(BERLIN, PARIS) == pytest.approx(877_463, abs=500)
    assert distance_m(PARIS, BERLIN) == pytest.approx(distance_m(BERLIN, PARIS))


def test_a_thousandth_of_a_degree_north_is_111_metres_everywhere() -> None:
    for latitude in (-60.0, 0.0, 52.52):
        assert distance_m(Position(latitude, 7), Position(latitude + 0.001, 7)) == pytest.approx(111.2, abs=0.1)


def test_the_way_over_the_date_line_is_the_short_one() -> None:
    assert distance_m(Position(0, 179.9995), Position(0, -179.9995)) == pytest.approx(111.2, abs=0.1)


def test_the_other_side_of_the_earth_is_half_its_girth_away() -> None:
    assert distance_m(Position(90, 0), Position(-90, 0)) == pytest.approx(3.141592653589793 * EARTH_RADIUS_M)
    assert distance_m(Position(0, 0), Position(0, 180)) == pytest.approx(3.141592653589793 * EARTH_RADIUS_M)
