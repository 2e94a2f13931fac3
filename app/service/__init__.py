"""The use cases: register, detect, jobs. One worker owns the device."""
