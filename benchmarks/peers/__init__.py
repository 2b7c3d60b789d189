"""Other ways to ask the same questions, each library in an environment of its own."""
