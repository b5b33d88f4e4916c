"""Several events published as one: all of them in order, or none."""
