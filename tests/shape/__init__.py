"""The rules of the house, each checked on the tree and on a planted violation."""
