"""Find the fastest settings of a bundle on this machine, with its self-test as the judge."""
