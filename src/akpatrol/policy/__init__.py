"""Findings that need no action: baseline, allowances of a configuration, comments on a line. Pure."""
