"""How each format becomes a `Document`. Runs in the child process of `manuals.documents`."""
