"""What is stuck in mid-saga: each case with its age, what happened, what happens by itself, and the button that helps.

A case is found by its state alone, in the row it is about, so none has to be reported to be seen.
"""
