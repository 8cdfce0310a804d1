"""Notes pseudonymised: names, dates, identifiers, contacts, places and high ages; clinical terms protected."""
