"""The board as JSON: what the console shows first, and again and again while it has no socket."""

from typing import Any

from django.http import HttpRequest
from django.views.decorators.http import require_safe

from accounts.admin_base.scoped import user_of
from operations.admin.dispatch.answering import in_json
from operations.admin.dispatch.page import READ
from tracking.board.reading import read_board
from tracking.board.rows import board_as_json
from tracking.board.viewing import Viewer


@require_safe
@in_json(scope=READ)
def dispatch_board(request: HttpRequest) -> dict[str, Any]:
    viewer = Viewer.of(user_of(request))
    return board_as_json(viewer.board(read_board()), links=viewer.links)
