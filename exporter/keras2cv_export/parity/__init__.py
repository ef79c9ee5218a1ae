"""The verdict: errors against limits, decisions, and outputs that carry no information."""
