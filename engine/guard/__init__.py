"""What may come in, what may go out: validation at the doors, personal data, instructions in texts, inert mark-up."""
