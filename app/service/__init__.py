"""The use cases: register, detect. One worker owns the device."""
