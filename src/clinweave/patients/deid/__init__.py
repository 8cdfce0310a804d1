"""De-identification of notes: names, dates, identifiers, contacts, places, ages over 89; clinical terms are
protected."""
