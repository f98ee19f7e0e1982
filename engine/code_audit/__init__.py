"""The configuration audit: what in a code tree, and in the state folder, should not go live.

Rules are plain functions over one file (``RULES`` of ``rules.py``), over all files (duplicates, second engines) or over the
state folder. Each finding says where, what and what to do; what is meant to be so is allowed by a reason, never silently.
"""
