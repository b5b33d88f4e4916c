"""Whether what must always be true is true, over the whole database. Every check: docs/auditing.md."""
