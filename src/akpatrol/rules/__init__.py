"""Rules: load them, check them, and derive the literals that their matches hold."""
