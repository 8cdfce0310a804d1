"""Reading a file as one clinical note: shared by the applications, kept with the patients' records."""

from clinweave.patients import check_note, decoded, read_note

__all__ = ["check_note", "decoded", "read_note"]
