"""Everything in one process, or the live process beside WSGI: uvicorn delivery_site.asgi:application."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

from delivery_site.readiness import get_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "delivery_site.settings")

http = get_asgi_application()

from tracking.routing import SOCKETS  # noqa: E402  # models are there only after Django's start

application = ProtocolTypeRouter({"http": http, "websocket": URLRouter(SOCKETS)})
get_ready()
