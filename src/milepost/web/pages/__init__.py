"""The pages: HTML made on the server, kept live by small modules of our own in the browser."""

from milepost.web.pages.routes import install

__all__ = ["install"]
