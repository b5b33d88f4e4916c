"""Outgoing webhooks: events as signed requests to the endpoints that integrators have named."""
