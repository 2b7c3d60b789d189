"""A chat student, served as a local teacher and asked as one: journal, reading and judging are the house's own."""
