"""Everything in one process, or the live process beside WSGI: uvicorn delivery_site.asgi:application."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "delivery_site.settings")

application = get_asgi_application()
