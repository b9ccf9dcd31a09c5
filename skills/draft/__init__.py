"""Drafts of official documents: checks of what was written."""
