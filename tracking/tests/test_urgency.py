import pytest

from tracking.board.urgency import Pressure, urgency

MINUTE = 60


@pytest.mark.parametrize(
    ("pressure", "minutes"),
    [
        pytest.param(Pressure(due_seconds=20 * MINUTE), -20.0, id="nothing known of its way"),
        pytest.param(Pressure(due_seconds=20 * MINUTE, door_seconds=15 * MINUTE), -5.0, id="will be in time"),
        pytest.param(Pressure(due_seconds=20 * MINUTE, door_seconds=32 * MINUTE), 12.0, id="will be late"),
        pytest.param(Pressure(due_seconds=-3 * MINUTE, door_seconds=4 * MINUTE), 7.0, id="is late"),
        pytest.param(Pressure(due_seconds=0, waiting_seconds=90), 1.5, id="waits for a courier"),
        pytest.param(Pressure(due_seconds=0, waiting_seconds=90, is_ready=True), 11.5, id="waits and gets cold"),
        pytest.param(Pressure(due_seconds=0, waiting_seconds=-5), 0.0, id="clocks disagree"),
        pytest.param(Pressure(due_seconds=0, is_ready=True), 0.0, id="ready, and its courier comes"),
    ],
)
def test_urgency_is_lateness_and_what_waiting_adds(pressure: Pressure, minutes: float) -> None:
    assert urgency(pressure) == minutes
