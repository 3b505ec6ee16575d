"""The forges whose organizations a sweep reads: a module for each, and their table."""
