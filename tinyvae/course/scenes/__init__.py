"""What the explorers of the notebooks draw: a module for each scene, and js/NAME.js beside it."""
