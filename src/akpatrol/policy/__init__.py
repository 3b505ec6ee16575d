"""What is known and not to be acted on: baseline, allowances of a configuration, comments on a line. All of it pure."""
