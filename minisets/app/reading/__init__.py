"""What reading commands see: a look at the Engine, and each kind of object as it is shown."""
