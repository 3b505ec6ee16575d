"""Opens what bytes are wrapped in: containers by their content, encodings where the gate hears of them."""
