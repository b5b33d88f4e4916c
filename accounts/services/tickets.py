"""Tickets open a WebSocket for clients that can send neither a cookie of ours nor a header with it: browsers elsewhere.

A ticket may stand in an address, where logs see it, so it is spent by the first use and is worth nothing after seconds.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from django.utils import timezone

from accounts.models import SocketTicket, User
from api.errors import InvalidToken
from api.purging import delete_first
from api.transactions import transactional

VALID_SECONDS: Final = 30
_BYTES: Final = 32
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Whom a ticket lets in, to what, and until when."""

    user: User
    scopes: frozenset[str]
    ends_at: datetime


@transactional
def issue_ticket(user: User, *, scopes: frozenset[str], ends_at: datetime) -> str:
    """`ends_at`: when the credentials end that it is given for, and with them what it opens."""
    ticket = secrets.token_urlsafe(_BYTES)
    SocketTicket.objects.create(
        digest=_digest(ticket),
        user=user,
        scope=" ".join(sorted(scopes)),
        expires_at=timezone.now() + timedelta(seconds=VALID_SECONDS),
        ends_at=ends_at,
    )
    return ticket


@transactional
def spend_ticket(ticket: str) -> Admission:
    """The one who deletes the row is the one who gets in. Raises InvalidToken."""
    found = SocketTicket.objects.filter(digest=_digest(ticket), expires_at__gt=timezone.now())
    known = found.select_related("user").first()
    if known is None or not known.user.is_active or not _delete(known):
        raise InvalidToken("The ticket is unknown, used or expired.")
    return Admission(user=known.user, scopes=frozenset(known.scope.split()) & known.user.scopes, ends_at=known.ends_at)


@transactional
def purge_expired(batch: int) -> int:
    """Forget at most `batch` tickets that nobody has used; returns how many there were."""
    return delete_first(SocketTicket.objects.filter(expires_at__lte=timezone.now()).order_by("pk"), limit=batch)


def _delete(ticket: SocketTicket) -> bool:
    deleted, _by_model = SocketTicket.objects.filter(pk=ticket.pk).delete()
    return deleted == 1


def _digest(ticket: str) -> str:
    return sha256(ticket[:_LONGEST].encode(errors="replace")).hexdigest()
