"""Matrix products, dense layers and lookups."""
