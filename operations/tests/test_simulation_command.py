import socket
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from operations.management.commands import demo
from operations.simulation.hearing import Ear
from operations.simulation.run import Options
from operations.simulation.server import Server, ServerFailed

MITTE = str(Path(__file__).parents[1] / "cities" / "mitte")


class Stage:
    """Stands in for the performance; remembers what was to be played."""

    def __init__(self, exit_code: int = 0) -> None:
        self.exit_code = exit_code
        self.options: Options
        self.server: Server | None
        self.site_url = ""

    def __call__(self, options: Options, *, console: Any, server: Server | None, site_url: str) -> int:
        self.options, self.server, self.site_url = options, server, site_url
        return self.exit_code


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    stage = Stage()
    monkeypatch.setattr(demo, "perform", stage)
    return stage


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--exit"], "--exit needs --orders N"),
        (["--city", MITTE, "--orders", "31"], "mitte has only 30 orders"),
        (["--city", "nowhere"], "nowhere: there is no such folder"),
        (["--against", "http://site", "--data", "x"], "--data is for a site of one's own"),
        (["--receiver", "http://here:8800/"], "--receiver is for --against"),
        (["--against", "http://site", "--receiver", "here:8800"], "not an http or https address: here:8800"),
    ],
)
def test_what_makes_no_sense_is_refused_with_status_2_before_anything_starts(
    stage: Stage, arguments: list[str], what: str
) -> None:
    with pytest.raises(CommandError, match=what) as refusal:
        call_command("demo", *arguments)

    assert refusal.value.returncode == 2
    assert not stage.site_url


@pytest.mark.parametrize(
    ("option", "value", "what"),
    [
        ("--orders", "0", "a whole number above zero"),
        ("--orders", "-3", "a whole number above zero"),
        ("--speed", "fast", r"a number from 0\.1 to 1000"),
        ("--speed", "0", r"a number from 0\.1 to 1000"),
    ],
)
def test_numbers_out_of_range_are_refused(stage: Stage, option: str, value: str, what: str) -> None:
    with pytest.raises(CommandError, match=what):
        call_command("demo", f"{option}={value}")

    assert not stage.site_url


def test_by_default_the_home_city_lives_on_for_ever_at_sixty_times_the_speed(stage: Stage) -> None:
    call_command("demo")

    assert (stage.options.speed, stage.options.wishes, stage.options.leaves) == (60, None, False)
    assert (stage.options.city.name, stage.options.replays) == ("mitte", False)
    assert stage.site_url == "http://127.0.0.1:8000"


def test_the_site_gets_its_folder_its_address_and_expiry_at_the_speed_of_the_day(stage: Stage, tmp_path: Path) -> None:
    call_command("demo", "--speed", "30", "--port", "8123", "--data", str(tmp_path))

    assert stage.server is not None
    environment = stage.server.management.environment
    assert environment["VAR_DIR"] == str(tmp_path)
    assert environment["PUBLIC_URL"] == environment["INTERNAL_URL"] == "http://127.0.0.1:8123"
    assert float(environment["ORDER_EXPIRY_SECONDS"]) == 30
    assert stage.server.log == tmp_path / "logs" / "demo-site.log"


def test_payments_have_time_to_arrive_however_fast_the_day_goes(stage: Stage) -> None:
    call_command("demo", "--speed", "500")

    assert stage.server is not None
    assert float(stage.server.management.environment["ORDER_EXPIRY_SECONDS"]) == 10


def test_against_a_running_site_none_is_started(stage: Stage) -> None:
    call_command("demo", "--against", "http://site/", "--city", MITTE, "--exit")

    assert (stage.server, stage.site_url, stage.options.replays) == (None, "http://site", True)


def test_a_site_of_its_own_is_listened_to_on_this_machine(stage: Stage) -> None:
    call_command("demo")

    assert stage.options.ear == Ear(host="127.0.0.1", port=0, url=None)
    assert stage.server is not None
    assert stage.server.management.environment["WEBHOOK_ALLOW_PRIVATE_ADDRESSES"] == "true"


@pytest.mark.parametrize(
    ("arguments", "ear"),
    [
        ([], None),
        (["--receiver", "http://localhost:9001/"], Ear("127.0.0.1", 9001, "http://localhost:9001/")),
        (["--receiver", "http://192.0.2.7:9001/x"], Ear("0.0.0.0", 9001, "http://192.0.2.7:9001/x")),  # noqa: S104
        (["--receiver", "https://tunnel.example/"], Ear("0.0.0.0", 8800, "https://tunnel.example/")),  # noqa: S104
    ],
)
def test_another_site_is_listened_to_only_where_it_can_reach_us(
    stage: Stage, arguments: list[str], ear: Ear | None
) -> None:
    call_command("demo", "--against", "http://site", *arguments)

    assert stage.options.ear == ear


def test_the_exit_code_is_handed_on(stage: Stage) -> None:
    stage.exit_code = 130

    with pytest.raises(SystemExit) as end:
        call_command("demo", "--orders", "3", "--exit")

    assert end.value.code == 130


def test_a_port_in_use_is_told_before_anything_is_started(stage: Stage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        call_command("demo", "--port", str(port))

        assert stage.server is not None
        with pytest.raises(ServerFailed, match=f"port {port} is in use; choose another with --port"):
            stage.server.refuse_busy_port()
