"""The settings of a run: flags, configuration files and environment."""
