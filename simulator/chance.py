"""Chance that repeats: the same seed makes the same household and meter, on every machine."""

from functools import lru_cache
from hashlib import blake2b
from random import Random


def identity(*parts: object) -> str:
    """Make the 32 lower-case hex digits that a meter's flash would hold for these parts."""
    return blake2b("/".join(map(str, parts)).encode(), digest_size=16).hexdigest()


def draw(*parts: object) -> Random:
    """Make a random source that depends on nothing but these parts."""
    return Random("/".join(map(str, parts)))


def wander(position: float, seed: int, name: str) -> float:
    """Wander smoothly between 0 and 1: a new height at each whole position, a slope between two."""
    step = int(position // 1)
    share = position - step
    return _height(step, seed, name) * (1 - share) + _height(step + 1, seed, name) * share


@lru_cache(maxsize=4096)
def _height(step: int, seed: int, name: str) -> float:
    return draw(seed, name, step).random()


@lru_cache(maxsize=64)
def jitter(seed: int) -> tuple[float, ...]:
    """Make a table of normally distributed numbers around 0, to be cut into at any place.

    Drawing one a second would cost more than all else that a second costs.
    """
    source = draw(seed, "jitter")
    return tuple(source.gauss(0.0, 1.0) for _ in range(8192))
