"""The store of a sweep: one SQLite file."""
