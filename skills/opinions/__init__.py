"""Public comments: grouped into topics, drawn as a map and set out in a table."""
