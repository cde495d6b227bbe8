"""The forms that people fill in: what was typed becomes what is sent, or a sentence at its field."""
