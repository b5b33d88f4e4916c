"""Addresses of sockets."""

from typing import Final

from django.urls import URLPattern, path, re_path

from tracking.board_consumer import BoardConsumer
from tracking.consumers import DeliveryConsumer, UnknownAddressConsumer

SOCKETS: Final[list[URLPattern]] = [
    path("ws/state/", BoardConsumer.as_asgi()),
    path("ws/track/<slug:token>/", DeliveryConsumer.as_asgi()),
    re_path(r"", UnknownAddressConsumer.as_asgi()),
]
