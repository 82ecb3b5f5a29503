"""What an API server says: questions in, answers and watches out. Pure."""
