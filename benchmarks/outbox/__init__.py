"""The outbox alone, with destinations that remember what they heard: how fast it is, and what a SIGKILL does to it.

An app of its own, with settings of its own, so that nothing of it is in the product.
"""
