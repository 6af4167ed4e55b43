"""The verbs of the domain, one group a file; each opens its own transaction and returns plain results."""
