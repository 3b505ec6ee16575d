"""The command line: options become settings, settings a run, a run an exit code. A file a command."""
