"""The audit record: events, the words beside them, and the tree that seals them."""
