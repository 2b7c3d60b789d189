"""Reading answers: what extraction.py is made of."""
