"""The program as it was read: modules placed under the names they are imported by."""
