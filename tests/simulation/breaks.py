BREAKS = {}


def apply(name):
    pass
