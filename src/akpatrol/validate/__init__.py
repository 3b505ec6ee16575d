"""Checks of data that somebody else wrote: each value is what it must be, or an error that says where."""
