"""Critical points, zeros and all else of note, found and proved."""
