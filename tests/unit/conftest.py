from hypothesis import settings

# A busy machine must not fail a property for being slow; speed has tests of its own.
settings.register_profile("unit", deadline=None)
settings.load_profile("unit")
