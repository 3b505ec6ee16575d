"""Caches from run to run, in the user's cache directory."""
