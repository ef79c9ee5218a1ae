"""Element types, comparisons and bounds that importers lack."""
