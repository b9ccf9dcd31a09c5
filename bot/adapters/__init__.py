"""Chat platforms: their JSON into a Message, a Reply into their JSON."""
