"""Which courier should carry which order: an interface, and engines that implement it.

An engine is a function from a `Situation` to a `Plan`: pure, deterministic, without a look at the database or the
clock. `settings.MATCHING_ENGINE` names the one in use, so a stronger one takes its place without another change.
"""
