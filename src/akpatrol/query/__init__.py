"""Queries: searches for given credentials and texts."""
