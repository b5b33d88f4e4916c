"""What `feed_under_fire` consists of."""
