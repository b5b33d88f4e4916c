"""A tiny receiver of webhooks, to be watched, attached to a run, or read as an example. Needs no Django to answer."""
