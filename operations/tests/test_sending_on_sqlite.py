"""Two processes that send what is due on one SQLite file, which knows no row locks: each message goes out once."""

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Final

from django.conf import settings

from notifications.tests.mail_server import MailServer
from operations.tests.processes import PATIENCE_SECONDS, environment, run_python

MESSAGES: Final = 40
WRITE_DOWN: Final = f"""
from django.core.management import call_command
call_command("migrate", verbosity=0)
from notifications.kinds import Kind
from notifications.tests.factories import make_notification
from orders.tests.factories import make_order
order = make_order()
for _ in range({MESSAGES}):
    make_notification(Kind.REFUNDED, order=order, data={{"amount": "1.00", "currency": "EUR"}})
"""
SEND: Final = "import django; django.setup(); from notifications.services.sending import send_due; print(send_due())"
COUNT: Final = """
from django.db.models import Count
from notifications.models import Notification
print(sorted(Notification.objects.values_list("state", "attempts").annotate(Count("pk")).order_by()))
"""


def test_two_processes_send_each_message_once(tmp_path: Path) -> None:
    run_python(WRITE_DOWN, folder=tmp_path)

    with MailServer() as server:
        own = {"DJANGO_SETTINGS_MODULE": "delivery_site.settings", "EMAIL_URL": f"smtp://{server.host}:{server.port}"}
        senders = [
            subprocess.Popen(
                [sys.executable, "-c", SEND],
                env=environment(tmp_path, **own),
                cwd=settings.BASE_DIR,
                text=True,
                stdout=subprocess.PIPE,
            )
            for _ in range(2)
        ]
        sent = [int(sender.communicate(timeout=PATIENCE_SECONDS)[0].splitlines()[-1]) for sender in senders]

    arrived = Counter(message["Message-ID"] for message in server.taken)
    assert (sum(sent), len(arrived), set(arrived.values())) == (MESSAGES, MESSAGES, {1})
    assert run_python(COUNT, folder=tmp_path).strip() == f"[('sent', 1, {MESSAGES})]"
