"""Live pictures: sliders and text boxes beside a picture that follows them."""

from tinyvae.course.browser_explorer import BrowserExplorer
from tinyvae.course.controls import controls


def explorer(draw, alt, words=None, **sliders):
    """Sliders and text boxes beside the picture that `draw` makes of their values.

    `draw` is a scene, such as Painting: the browser draws it, with no kernel. Or it is any
    function, which the kernel draws: draw(**values) gives a grey picture (h, w) in [0, 1], a
    matplotlib Figure, or a tuple of one of them and a line of text. Where it raises an error
    the last picture stays, dimmed, and the error is the line.

    A slider is name=(low, high, start) or (low, high, start, step); its label is the name with
    spaces for "_"; one of whole numbers gives ints; words={name: (low word, high word)} names
    its ends. name="anna" is a text box, which draws when Enter is pressed or the box is left.
    `alt` says in words what the picture shows.
    """
    made = controls(sliders, words)
    if hasattr(draw, "module"):
        return BrowserExplorer(draw, alt, made)
    from tinyvae.course.kernel_explorer import KernelExplorer  # needs ipywidgets

    return KernelExplorer(draw, alt, made)
