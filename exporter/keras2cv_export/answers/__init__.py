"""The bundle's answers against a reference that is not the bundle: the user's, or the library's."""
