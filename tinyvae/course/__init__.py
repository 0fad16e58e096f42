"""The course about the VAE: its checker, exercises, figures and live pictures."""

from tinyvae.course.checks import check, hint, progress

__all__ = ["check", "hint", "progress"]
