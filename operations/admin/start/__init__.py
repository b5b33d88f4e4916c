"""The first page of the Admin site: what needs somebody now."""
