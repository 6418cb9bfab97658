"""Reproducible random values: the same seed gives the same household and meter on every machine."""

from functools import lru_cache
from hashlib import blake2b
from random import Random


def identity(*parts: object) -> str:
    """Return 32 lower-case hex digits derived from these parts, as in a meter's flash."""
    return blake2b("/".join(map(str, parts)).encode(), digest_size=16).hexdigest()


def draw(*parts: object) -> Random:
    """Return a random generator that depends only on these parts."""
    return Random("/".join(map(str, parts)))


def wander(position: float, seed: int, name: str) -> float:
    """Return smooth noise between 0 and 1: a random value per whole position, linear between."""
    step = int(position // 1)
    share = position - step
    return _height(step, seed, name) * (1 - share) + _height(step + 1, seed, name) * share


@lru_cache(maxsize=4096)
def _height(step: int, seed: int, name: str) -> float:
    return draw(seed, name, step).random()


@lru_cache(maxsize=64)
def jitter(seed: int) -> tuple[float, ...]:
    """Return a table of normally distributed numbers around 0, to be read from any position.

    Generating one per second would cost more than the rest of the simulation.
    """
    source = draw(seed, "jitter")
    return tuple(source.gauss(0.0, 1.0) for _ in range(8192))
