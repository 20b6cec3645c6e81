"""The icon, in the forms that browsers ask for, and the picture of link previews."""
