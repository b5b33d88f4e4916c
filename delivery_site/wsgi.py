"""HTTP in the services mode: gunicorn delivery_site.wsgi."""

import os

from django.core.wsgi import get_wsgi_application

from delivery_site.chunked import measuring_chunked_bodies
from delivery_site.readiness import get_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "delivery_site.settings")

application = measuring_chunked_bodies(get_wsgi_application())
get_ready()
