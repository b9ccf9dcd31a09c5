"""What fulfils the ports: one vendor library to a file."""
