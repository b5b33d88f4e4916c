"""What the process says of itself to whoever keeps it running."""
