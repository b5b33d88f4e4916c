"""The dashboard of the whole system: what goes on, how well everything is, and how the days have been."""
