"""Scanning: units in, raw findings and counted skips out."""
