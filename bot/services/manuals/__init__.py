"""The office's documents: read, cut into passages, kept, searched and marked."""
