import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from catalog.geography import Position
from couriers.moving import Move
from tracking.live.following import Follower, Heard

NOW = datetime(2026, 10, 9, 19, 0, tzinfo=UTC)
ANA, BEN = uuid4(), uuid4()


def move(courier_id: UUID, *, seconds: float) -> Move:
    return Move(courier_id=courier_id, position=Position(52.5, 13.4), recorded_at=NOW + timedelta(seconds=seconds))


def heard(*moves: Move) -> Heard:
    async def story() -> Heard:
        follower = Follower(uuid4())
        for one in moves:
            follower.hear_move(one, reached=None)
        return await follower.next(within_seconds=60)

    return asyncio.run(story())


def test_of_a_couriers_moves_the_newest_counts_in_whatever_order_they_are_told() -> None:
    older, newer = move(ANA, seconds=1), move(ANA, seconds=2)
    assert heard(older, newer).move == heard(newer, older).move == newer


def test_another_couriers_clock_does_not_count() -> None:
    assert heard(move(ANA, seconds=9), move(BEN, seconds=1)).move == move(BEN, seconds=1)
