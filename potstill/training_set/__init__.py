"""From judged answers to training examples: what stage export is made of."""
