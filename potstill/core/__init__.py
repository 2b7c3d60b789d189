"""What every package may use: params, records, errors, letters, prices, environment, command-line options."""
