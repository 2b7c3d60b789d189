"""From a question and a prompt to requests: what stage prepare is made of."""
