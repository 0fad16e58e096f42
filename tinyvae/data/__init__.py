"""Data to learn from, each set a small frozen record with x of shape (n, D), float32.

Offline: `load_faces` (drawn here from known factors), `load_digits` (scikit-learn) and
`load_names` (1990 US census). On demand: `load_mnist`, `load_fashion_mnist`, `load_olivetti`.
"""
