"""What several commands share: options, output, progress. No command is imported here."""
