"""A routing engine of the outside world, as tests want it: real HTTP on a free port, its answers in the real shapes."""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import polyline

Point = tuple[float, float]

# Around a block: 400 m, where the straight line is 300.
AROUND: Final[tuple[Point, ...]] = ((52.5200, 13.4000), (52.5200, 13.4050), (52.5205, 13.4100))


def osrm_answer(points: Sequence[Point] = AROUND, *, seconds: float = 240.0, metres: float = 900.0) -> dict[str, Any]:
    """As osrm-routed 5.27 gives it without steps, shortened by its hints."""
    coordinates = [[longitude, latitude] for latitude, longitude in points]
    return {
        "code": "Ok",
        "routes": [
            {
                "geometry": {"coordinates": coordinates, "type": "LineString"},
                "legs": [{"steps": [], "summary": "", "weight": seconds, "duration": seconds, "distance": metres}],
                "weight_name": "duration",
                "weight": seconds,
                "duration": seconds,
                "distance": metres,
            }
        ],
        "waypoints": [
            {"distance": 4.15, "name": "Friedrichstraße", "location": coordinates[0]},
            {"distance": 4.92, "name": "Torstraße", "location": coordinates[-1]},
        ],
    }


def valhalla_answer(
    points: Sequence[Point] = AROUND, *, seconds: float = 240.0, kilometres: float = 0.9
) -> dict[str, Any]:
    """As Valhalla 3.5 gives it without directions."""
    summary = {
        "has_time_restrictions": False, "has_toll": False, "has_highway": False, "has_ferry": False,
        "min_lat": 52.52, "min_lon": 13.4, "max_lat": 52.5205, "max_lon": 13.41,
        "time": seconds, "length": kilometres, "cost": seconds * 1.3,
    }  # fmt: skip
    ends = [{"type": "break", "lat": points[index][0], "lon": points[index][1]} for index in (0, -1)]
    return {
        "trip": {
            "locations": ends,
            "legs": [{"summary": summary, "shape": polyline.encode([*points], 6)}],
            "summary": summary,
            "status_message": "Found route between points",
            "status": 0,
            "units": "kilometers",
            "language": "en-US",
        }
    }


@dataclass
class RoutingEngine:
    """What it answers next, and always from then on; what it was asked."""

    status: int = 200
    body: bytes = b""
    asked: list[tuple[str, Any]] = field(default_factory=list)
    url: str = ""
    is_hanging: threading.Event = field(default_factory=threading.Event)
    dripping: str = ""
    _go_on: threading.Event = field(default_factory=threading.Event)

    def says(self, answer: Mapping[str, Any] | bytes, *, status: int = 200) -> None:
        self.status = status
        self.body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()

    def hangs(self) -> None:
        """Until the test is over."""
        self.is_hanging.set()

    def drips(self, part: str) -> None:
        """Its "headers" or its "body" take five seconds, with something new all the time."""
        self.dripping = part

    def in_drops(self, part: str, drop: bytes) -> Iterator[bytes]:
        for _ in range(100 if self.dripping == part else 0):
            yield drop
            if self._go_on.wait(0.05):
                return

    def wait(self) -> None:
        if self.is_hanging.is_set():
            self._go_on.wait(60)

    def end(self) -> None:
        self._go_on.set()


@contextmanager
def routing_engine() -> Iterator[RoutingEngine]:
    engine = RoutingEngine()
    engine.says(osrm_answer())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _answer(self, body: Any) -> None:
            engine.asked.append((self.path, body))
            engine.wait()
            self.send_response(engine.status)
            self.flush_headers()
            for drop in engine.in_drops("headers", b"X-Drop: 1\r\n"):
                self.wfile.write(drop)
            self.end_headers()
            for drop in engine.in_drops("body", b" "):
                self.wfile.write(drop)
            self.wfile.write(engine.body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Whoever asked has gone meanwhile."""

    with Server(("127.0.0.1", 0), Handler) as server:
        engine.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield engine
        finally:
            engine.end()
            server.shutdown()
