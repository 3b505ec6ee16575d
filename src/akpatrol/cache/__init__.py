"""What one run keeps for the next, in the user's cache directory."""
