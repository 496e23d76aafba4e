"""What an expression can be: values with holes, followed through names, attributes, calls and classes."""
