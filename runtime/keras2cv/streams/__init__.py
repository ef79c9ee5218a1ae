"""Files, folders, videos and cameras in; answers out, in order, several nets at a time."""
