"""Drafts of official documents: checks, past records, and last year's document rolled forward."""
