"""Whether a meter is heard as it should be, and what the user can mend where it is not."""
