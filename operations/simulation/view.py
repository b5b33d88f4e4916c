"""Showing a run: a live board on a terminal, plain lines anywhere else."""

import asyncio
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.text import Text

from operations.simulation.board import Board, line
from operations.simulation.world import World

REFRESH_SECONDS = 0.25


class View(Protocol):
    """What an audience sees."""

    async def play(self) -> None:
        """Until cancelled."""


class LiveView:
    """The whole screen, given back when the run is over."""

    def __init__(self, board: Board, console: Console) -> None:
        self._board = board
        self._console = console

    async def play(self) -> None:
        with Live(self._board, console=self._console, screen=True, auto_refresh=False) as live:
            while True:
                live.update(self._board, refresh=True)
                await asyncio.sleep(REFRESH_SECONDS)


class PlainView:
    """Every happening as one line, for files and continuous integration."""

    def __init__(self, world: World, console: Console) -> None:
        self._world = world
        self._console = console
        self._printed = 0
        self._has_named_a_page = False

    async def play(self) -> None:
        try:
            while True:
                self._print_new()
                await asyncio.sleep(REFRESH_SECONDS)
        finally:
            self._print_new()

    def _print_new(self) -> None:
        new = self._world.told - self._printed
        self._printed = self._world.told
        for happening in list(self._world.happenings)[-new:] if new else ():
            text = line(happening)
            self._console.print(Text.assemble(text, no_wrap=False), soft_wrap=True)
        if not self._has_named_a_page and (followed := self._world.followed()):
            self._has_named_a_page = True
            self._console.print(f"Track {followed.short_number}  {followed.tracking_url}", soft_wrap=True)
