"""`accounts.admin_base.display` in the templates of the Admin site."""

from django import template

from accounts.admin_base import display

register = template.Library()

register.simple_tag(display.moment)
register.simple_tag(display.money)
register.simple_tag(display.delta)
register.simple_tag(display.badge)
