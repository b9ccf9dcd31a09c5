"""Microsoft Teams: what it sends into a Message, a Reply into what it shows."""
