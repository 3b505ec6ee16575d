"""What a run is asked to do: flags, configuration files and environment."""
