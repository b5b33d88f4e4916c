"""The Admin pages of this app."""

from notifications.admin.notifications import NotificationAdmin
from notifications.admin.preferences import PreferencesAdmin

__all__ = ["NotificationAdmin", "PreferencesAdmin"]
