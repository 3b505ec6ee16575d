"""Sources: they supply the bytes to scan and place the findings in them."""
