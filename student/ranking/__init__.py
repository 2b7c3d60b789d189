"""A sentence encoder that learns which option the teacher meant."""
