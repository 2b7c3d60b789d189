"""What was bought, for ever: journal, claims, keys and ledger."""
