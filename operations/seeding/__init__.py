"""A small plausible city to try the platform in, and the demo people everybody can sign in as."""
