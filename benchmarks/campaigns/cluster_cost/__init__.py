"""What an image costs on a cluster: images per core-second, and what a second worker adds."""
