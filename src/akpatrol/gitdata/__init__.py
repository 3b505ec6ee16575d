"""Git's own forms of data, read from bytes alone: packs and their objects. Sources and containers both read them."""
