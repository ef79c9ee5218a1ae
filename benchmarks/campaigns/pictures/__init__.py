"""The pictures of the README and of the docs, drawn anew by one command."""
