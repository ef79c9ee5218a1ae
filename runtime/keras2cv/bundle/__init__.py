"""The folder that a device gets: read with nothing trusted, written whole or not at all."""
