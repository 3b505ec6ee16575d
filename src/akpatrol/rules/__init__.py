"""Rules: reading them, checking them, and what every match of one holds."""
