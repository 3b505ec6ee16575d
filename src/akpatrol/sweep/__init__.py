"""The sweep: scan many targets, one by one or in parallel, into one store."""
