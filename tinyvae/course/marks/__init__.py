"""How one hand-in is marked: the judge and the notebook, each in a process of its own."""
