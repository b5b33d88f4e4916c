"""What recipients want to be told: chosen by themselves, through their account or the link in a message."""

from collections.abc import Mapping
from typing import Final

from api.etags import check_version
from api.transactions import transactional
from notifications.kinds import Channel, Option, options_for
from notifications.locks import lock_preferences
from notifications.models import Notification, Preferences, State
from notifications.recipients import account_of

NO_LONGER_WANTED: Final = "The recipient does not want it any more."


@transactional
def change_preferences(
    recipient: str,
    *,
    language: str | None = None,
    choices: Mapping[Option, bool] | None = None,
    expected_version: int | None = None,
) -> Preferences:
    """What is not given stays; an empty language is the platform's. What still waits and is not wanted any more is not
    sent. Raises PreconditionFailed."""
    preferences = lock_preferences(recipient, user_id=account_of(recipient))
    check_version(preferences.version, expected_version)
    if language is not None:
        preferences.language = language
    for option, is_wanted in (choices or {}).items():
        preferences.choices[option.key] = is_wanted
        if not is_wanted:
            _withdraw(recipient, option)
    preferences.version += 1
    preferences.save()
    return preferences


def stop_mails(recipient: str, *, role: str | None) -> Preferences:
    """Who presses “unsubscribe” wants none of our e-mails, not one kind less."""
    mails = [option for option in options_for(role) if option.channel == Channel.EMAIL]
    return change_preferences(recipient, choices=dict.fromkeys(mails, False))


def _withdraw(recipient: str, option: Option) -> None:
    waiting = Notification.objects.filter(
        recipient=recipient, kind=option.kind, channel=option.channel, state=State.PENDING
    )
    waiting.update(state=State.SKIPPED, error=NO_LONGER_WANTED)
