"""Loops of recurrent layers, recognised and written as one op each."""
