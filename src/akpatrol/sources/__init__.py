"""Where bytes come from, and where what is found in them stands."""
