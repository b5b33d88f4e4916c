"""Simulated people who drive a running site through its HTTP API, and the view of what they do.

Nothing here imports Django: what the simulation can do, any client of the API can do.
"""
