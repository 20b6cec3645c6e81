"""The owner's page, to which `web.admin` lets in nobody else.

overview    what it shows; pure
owner       what it can do
"""
