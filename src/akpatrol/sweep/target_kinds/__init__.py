"""The kinds of target of a sweep: a module each, and their table."""
