"""Every output as it is."""
