"""A language model that learns to answer as the teacher did."""
