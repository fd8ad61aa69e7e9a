"""The operator's console: a site of records that can be read, and pages made of panels that apps contribute."""
