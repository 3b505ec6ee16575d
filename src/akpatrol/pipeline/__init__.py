"""The composition: scan, group, verify, policy, exit code; the same for one run and for a sweep."""
