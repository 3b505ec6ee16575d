"""Checks of untrusted data: each value has the required form, or an error names its position."""
