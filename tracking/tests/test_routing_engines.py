"""What engines are asked and answer, over real HTTP."""

import json
from threading import Event
from typing import Any, Final

import pytest

from catalog.geography import Position
from couriers.vehicles import Vehicle
from tracking.checks import check_routing
from tracking.roads.asking import MOST_BYTES, ask
from tracking.roads.engines import engine_in_use
from tracking.roads.route import AnswerUnreadable, EngineUnavailable, RoadNotFound, Route
from tracking.roads.valhalla import Valhalla
from tracking.tests.routing_engine import AROUND, RoutingEngine, osrm_answer, routing_engine, valhalla_answer

STORE = Position(52.5200, 13.4000)
DOOR = Position(52.5205, 13.4100)
# By Valhalla 3.5.1, through a town of straight streets.
VALHALLA_3_5: Final = rb"""
{"trip":{"locations":[{"type":"break","lat":52.52,"lon":13.4,"side_of_street":"right","original_index":0},
{"type":"break","lat":52.5273,"lon":13.4213,"original_index":1}],"legs":[{"summary":{"has_time_restrictions":false,
"has_toll":false,"has_highway":false,"has_ferry":false,"min_lat":52.5201,"min_lon":13.4,"max_lat":52.5273,
"max_lon":13.4213,"time":496.034,"length":2.235,"cost":967.358},
"shape":"giqdcB_{zpX?g^?w|A?w|A?w|A?w|A?w|A?w|Agw@wQgw@wQgw@nd@gw@wQgw@wQgw@nd@gw@wQgw@wQ?w|A?w|A?w|A?w|A?w|A?w|A?w|A?wj@"}],
"summary":{"has_time_restrictions":false,"has_toll":false,"has_highway":false,"has_ferry":false,"min_lat":52.5201,
"min_lon":13.4,"max_lat":52.5273,"max_lon":13.4213,"time":496.034,"length":2.235,"cost":967.358},
"status_message":"Found route between points","status":0,"units":"kilometers","language":"en-US"}}"""
NOT_IN_TIME: Final = "no complete answer within 0.2 s"
POINTS = tuple(Position(*point) for point in AROUND)


def found(vehicle: Vehicle = Vehicle.BICYCLE) -> Route:
    engine = engine_in_use()
    assert engine is not None
    return ask(engine, STORE, DOOR, vehicle=vehicle)


def test_osrm_is_asked_for_the_whole_line(engine: RoutingEngine) -> None:
    assert found() == Route(seconds=240, metres=900, points=POINTS)
    ((path, _),) = engine.asked
    assert path == ("/route/v1/bike/13.400000,52.520000;13.410000,52.520500?overview=full&geometries=geojson")


def test_valhalla_is_asked_without_directions(engine: RoutingEngine, settings: Any) -> None:
    settings.ROUTING_ENGINE = "valhalla"
    engine.says(valhalla_answer())
    assert found() == Route(seconds=240, metres=900, points=POINTS)
    assert engine.asked == [
        (
            "/route",
            {
                "locations": [{"lat": 52.52, "lon": 13.4}, {"lat": 52.5205, "lon": 13.41}],
                "costing": "bicycle",
                "units": "kilometers",
                "directions_type": "none",
            },
        )
    ]


def test_what_a_real_valhalla_has_said_is_understood() -> None:
    route = Valhalla("").route_in(json.loads(VALHALLA_3_5), vehicle=Vehicle.BICYCLE)
    assert (route.seconds, route.metres, len(route.points)) == (496.034, 2235, 24)
    assert (route.points[0], route.points[-1]) == (Position(52.5201, 13.4), Position(52.5273, 13.4213))


def test_a_server_for_each_profile_is_found_by_its_address(engine: RoutingEngine, settings: Any) -> None:
    settings.ROUTING_URL = f"{engine.url}/{{profile}}/"
    found(Vehicle.FOOT)
    found(Vehicle.CAR)
    assert [path.split("/13.4")[0] for path, _ in engine.asked] == ["/foot/route/v1/foot", "/car/route/v1/car"]


@pytest.mark.parametrize(
    ("name", "answer", "vehicle", "seconds"),
    [
        ("osrm", osrm_answer(), Vehicle.CARGO_BIKE, 240 * 15 / 13),
        ("osrm", osrm_answer(), Vehicle.SCOOTER, 240 * 24 / 22),
        ("valhalla", valhalla_answer(), Vehicle.CARGO_BIKE, 240 * 15 / 13),
        ("valhalla", valhalla_answer(), Vehicle.SCOOTER, 240),
    ],
)
def test_a_vehicle_that_an_engine_does_not_know_takes_its_own_time(
    name: str, answer: Any, vehicle: Vehicle, seconds: float, engine: RoutingEngine, settings: Any
) -> None:
    settings.ROUTING_ENGINE = name
    engine.says(answer)
    assert found(vehicle).seconds == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("osrm", {"code": "NoRoute", "message": "Impossible route between points"}),
        ("osrm", {"code": "NoSegment", "message": "Could not find a matching segment for coordinate 1"}),
        ("valhalla", {"error_code": 171, "error": "No suitable edges near location", "status_code": 400}),
        ("valhalla", {"error_code": 442, "error": "No path could be found for input", "status_code": 400}),
    ],
)
def test_an_engine_that_finds_no_road(name: str, answer: Any, engine: RoutingEngine, settings: Any) -> None:
    settings.ROUTING_ENGINE = name
    engine.says(answer, status=400)
    with pytest.raises(RoadNotFound):
        found()


def test_a_road_of_another_region_is_none(engine: RoutingEngine) -> None:
    """An engine without a map of the place answers with the nearest road that it has."""
    engine.says(osrm_answer([(52.60, 13.40), (52.60, 13.41)]))
    with pytest.raises(RoadNotFound):
        found()


def long_answer() -> bytes:
    return json.dumps(osrm_answer([AROUND[0]] * 40_000)).encode()


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>502</html>", id="no JSON"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b"[" * 100_000, id="nothing but depth"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="another shape"),
        pytest.param(b'{"code": "Ok"}', id="no routes"),
        pytest.param({"code": "Ok", "routes": []}, id="an empty list of routes"),
        pytest.param(osrm_answer(AROUND[:1]), id="one point"),
        pytest.param(osrm_answer(seconds=-1), id="back in time"),
        pytest.param(osrm_answer(seconds=float("nan")), id="NaN seconds"),
        pytest.param(osrm_answer(metres=float("inf")), id="endless"),
        pytest.param(osrm_answer(seconds=86_401), id="more than a day"),
        pytest.param(osrm_answer(seconds=1e12), id="later than dates go"),
        pytest.param(osrm_answer(metres=1_000_001), id="more than a country"),
        pytest.param(osrm_answer(metres=10**400), id="more digits than a number has"),
        pytest.param(osrm_answer([AROUND[0], (91.0, 13.4), AROUND[-1]]), id="not on Earth"),
        pytest.param(osrm_answer([AROUND[0], ("52", "13"), AROUND[-1]]), id="places in words"),  # type: ignore[list-item]
        pytest.param(b'{"code": "InvalidOptions", "message": "Query string malformed"}', id="refused"),
        pytest.param(long_answer(), id="too long"),
    ],
)
def test_what_osrm_says_without_sense(answer: Any, engine: RoutingEngine) -> None:
    engine.says(answer)
    with pytest.raises(AnswerUnreadable) as raised:
        found()
    assert "13.4" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_an_answer_is_not_read_to_its_end_at_any_length() -> None:
    assert len(long_answer()) > MOST_BYTES


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"trip": {}}, id="an empty trip"),
        pytest.param(valhalla_answer() | {"trip": valhalla_answer()["trip"] | {"legs": []}}, id="no legs"),
        pytest.param(
            {"trip": valhalla_answer()["trip"] | {"legs": [{"shape": "_p~iF~ps|"}]}}, id="a line that is cut off"
        ),
        pytest.param({"trip": valhalla_answer()["trip"] | {"legs": [{"shape": "~" * 5000 + "??"}]}}, id="far away"),
        pytest.param({"trip": valhalla_answer()["trip"] | {"legs": [{"shape": 7}]}}, id="a line that is a number"),
        pytest.param({"error_code": 125, "error": "No costing method found"}, id="refused"),
        pytest.param(["trip"], id="another shape"),
    ],
)
def test_what_valhalla_says_without_sense(answer: Any, engine: RoutingEngine, settings: Any) -> None:
    settings.ROUTING_ENGINE = "valhalla"
    engine.says(json.dumps(answer).encode())
    with pytest.raises(AnswerUnreadable):
        found()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_engine_in_trouble_is_unavailable(status: int, engine: RoutingEngine) -> None:
    engine.says(b"{}", status=status)
    with pytest.raises(EngineUnavailable, match=str(status)):
        found()


def test_an_engine_that_hangs_is_unavailable(engine: RoutingEngine, settings: Any) -> None:
    settings.ROUTING_TIMEOUT_SECONDS = 0.2
    engine.hangs()
    with pytest.raises(EngineUnavailable, match=NOT_IN_TIME):
        found()


@pytest.mark.parametrize("part", ["headers", "body"])
def test_an_engine_that_drips_is_unavailable(part: str, engine: RoutingEngine, settings: Any) -> None:
    """However little time there is between its drops: in five seconds, its answer would be whole."""
    settings.ROUTING_TIMEOUT_SECONDS = 0.2
    engine.drips(part)
    with pytest.raises(EngineUnavailable, match=NOT_IN_TIME):
        found()


def test_an_engine_whose_name_is_looked_up_for_ever_is_unavailable(settings: Any, monkeypatch: Any) -> None:
    settings.ROUTING_ENGINE, settings.ROUTING_URL = "osrm", "http://roads.test:5000"
    settings.ROUTING_TIMEOUT_SECONDS = 0.2
    is_over = Event()

    def hang(*args: Any, **kwargs: Any) -> Any:
        is_over.wait(60)
        raise OSError

    monkeypatch.setattr("socket.getaddrinfo", hang)
    try:
        with pytest.raises(EngineUnavailable, match=NOT_IN_TIME):
            found()
    finally:
        is_over.set()


def test_an_engine_that_is_away_is_unavailable(settings: Any) -> None:
    with routing_engine() as gone:
        settings.ROUTING_ENGINE, settings.ROUTING_URL = "osrm", gone.url
    with pytest.raises(EngineUnavailable, match="ConnectError"):
        found()


@pytest.mark.parametrize(
    ("name", "url", "timeout", "problems"),
    [
        ("", "", 2.0, []),
        ("osrm", "http://127.0.0.1:5000", 2.0, []),
        ("osrm", "https://user:secret@roads.example.com/{profile}/", 5.0, []),
        ("valhalla", "http://[::1]:8002", 0.5, []),
        ("osrm", "", 2.0, ["tracking.E002"]),
        ("", "http://127.0.0.1:5000", 2.0, ["tracking.E002"]),
        ("google", "http://127.0.0.1:5000", 2.0, ["tracking.E001"]),
        ("osrm", "127.0.0.1:5000", 2.0, ["tracking.E003"]),
        ("osrm", "ftp://127.0.0.1", 2.0, ["tracking.E003"]),
        ("osrm", "http://", 2.0, ["tracking.E003"]),
        ("osrm", "http://127.0.0.1:port", 2.0, ["tracking.E003"]),
        ("osrm", "http://127.0.0.1:5000/?key=1", 2.0, ["tracking.E003"]),
        ("osrm", "http://127.0.0.1:5000/{vehicle}", 2.0, ["tracking.E003"]),
        ("valhalla", "http://127.0.0.1:8002/{profile}", 2.0, ["tracking.E003"]),
        ("osrm", "http://127.0.0.1:5000", 0.0, ["tracking.E004"]),
        ("osrm", "http://127.0.0.1:5000", 5.1, ["tracking.E004"]),
        ("osrm", "http://127.0.0.1:5000", float("nan"), ["tracking.E004"]),
    ],
)
def test_settings_are_checked(name: str, url: str, timeout: float, problems: list[str], settings: Any) -> None:
    settings.ROUTING_ENGINE, settings.ROUTING_URL, settings.ROUTING_TIMEOUT_SECONDS = name, url, timeout
    found = check_routing(None)
    assert [problem.id for problem in found] == problems
    assert "secret" not in str(found)


def test_settings_without_sense_mean_no_engine(settings: Any) -> None:
    settings.ROUTING_ENGINE, settings.ROUTING_URL = "google", "http://127.0.0.1:5000"
    assert engine_in_use() is None
    settings.ROUTING_ENGINE, settings.ROUTING_URL = "osrm", ""
    assert engine_in_use() is None
