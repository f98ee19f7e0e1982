"""HTTP routes beside the screens, and the door before all of them: see ``door`` for who may come in.

Importing this is cheap: the command line needs the policy of the door before it starts a server.
"""
