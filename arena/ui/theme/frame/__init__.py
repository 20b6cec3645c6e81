"""What surrounds every page: colours, header, footer, lost connections."""
