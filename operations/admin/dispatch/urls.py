"""Addresses of the console, within the Admin site's: `admin:dispatch` is its page."""

from typing import Final

from django.urls import URLPattern, path

from operations.admin.dispatch.board import dispatch_board
from operations.admin.dispatch.commands import assign, take_back, undo
from operations.admin.dispatch.page import dispatch_page

DISPATCH: Final[list[URLPattern]] = [
    path("dispatch/", dispatch_page, name="dispatch"),
    path("dispatch/board", dispatch_board, name="dispatch_board"),
    path("dispatch/assign", assign, name="dispatch_assign"),
    path("dispatch/take-back", take_back, name="dispatch_take_back"),
    path("dispatch/undo", undo, name="dispatch_undo"),
]
