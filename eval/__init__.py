"""How well the program answers over given documents, and whether a change made it better; nothing in qa imports it."""
