"""Everything in one process, or the live process beside WSGI: uvicorn delivery_site.asgi:application."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "delivery_site.settings")

http = get_asgi_application()

from tracking.live.pauses import keep_pauses_short  # noqa: E402  # models are there only after Django's start
from tracking.routing import SOCKETS  # noqa: E402

application = ProtocolTypeRouter({"http": http, "websocket": URLRouter(SOCKETS)})
keep_pauses_short()
