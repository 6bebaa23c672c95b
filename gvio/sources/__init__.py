"""Night-light products on disk, one module per product, all read into the same value type."""
