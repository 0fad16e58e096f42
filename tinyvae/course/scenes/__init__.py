"""What the notebooks' explorers draw: a module for each scene, and js/NAME.js beside it."""
