"""The forms in which a credential lies about, each written by its real writer."""
