"""Repositories read without git, as far as everything in them is plain; in doubt git answers."""
