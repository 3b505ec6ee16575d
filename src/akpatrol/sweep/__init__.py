"""The sweep: many targets looked through one after the other or together, and kept in one store."""
