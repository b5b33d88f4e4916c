"""The simulated people, each with a session of their own."""
