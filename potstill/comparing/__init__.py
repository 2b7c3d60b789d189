"""Two or more revisions side by side: which is better, whether that is more than chance, and what it costs."""
