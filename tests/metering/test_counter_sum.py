from hypothesis import given, strategies as st

from custom_components.flukso.metering.counter_sum import CounterSum, CounterSumState


def summed(counters: str, **values: float) -> CounterSum:
    plain = CounterSum(counters)
    for key, value in values.items():
        plain.take(key, value)
    return plain


def test_the_sum_of_counters_is_what_they_add_up_to() -> None:
    plain = summed("abc", a=1000.125, b=2.5, c=0.001)
    assert plain.total == 1002.626
    plain.take("b", 3.5)
    assert plain.total == 1003.626


def test_there_is_no_sum_of_a_part() -> None:
    plain = summed("abc", a=1000.0, c=1.0)
    assert plain.total is None
    assert plain.state is None


def test_it_goes_on_after_a_restart_with_what_the_counters_counted_meanwhile() -> None:
    before = summed("ab", a=100.0, b=200.0).state
    assert before == CounterSumState(300.0, {"a": 100.0, "b": 200.0})

    after = CounterSum("ab")
    after.restore(before)
    assert after.total == 300.0
    after.take("a", 110.0)
    assert after.total == 310.0
    after.take("b", 202.0)
    assert after.total == 312.0


def test_a_counter_that_joins_adds_what_it_counts_from_then_on() -> None:
    before = summed("ab", a=100.0, b=200.0).state
    assert before is not None
    after = CounterSum("abc")
    after.restore(before)
    assert after.total == 300.0
    after.take("c", 77_000.0)
    assert after.total == 300.0
    after.take("c", 77_001.5)
    assert after.total == 301.5


def test_a_counter_that_leaves_takes_nothing_with_it() -> None:
    before = summed("ab", a=100.0, b=200.0).state
    assert before is not None
    after = CounterSum("a")
    after.restore(before)
    assert after.total == 300.0
    after.take("a", 101.0)
    assert after.total == 301.0


def test_a_counter_that_left_and_is_back_adds_nothing_for_its_absence() -> None:
    plain = summed("ab", a=100.0, b=200.0)
    for counters in ("a", "ab"):
        state = plain.state
        assert state is not None
        plain = CounterSum(counters)
        plain.restore(state)
        plain.take("a", 105.0)
    plain.take("b", 250.0)
    assert plain.total == 305.0
    plain.take("b", 251.0)
    assert plain.total == 306.0


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c"]),
            st.integers(0, 5_000_000),
            st.none() | st.sampled_from(["a", "ab", "abc", "bc"]),
        ),
        max_size=40,
    )
)
def test_a_sum_that_has_begun_never_falls_and_never_exceeds_what_was_counted(
    steps: list[tuple[str, int, str | None]],
) -> None:
    """Counts are in thousandths; now and then a restart makes the sum of other counters."""
    counters = {"a": 4_000_000, "b": 0, "c": 2_000_000_000}
    parts = "abc"
    plain = summed(parts, **{key: value / 1000 for key, value in counters.items()})
    first, counted = plain.total, 0
    assert first is not None
    last = first
    for key, count, others in steps:
        counters[key] += count
        counted += count
        if key in parts:
            plain.take(key, counters[key] / 1000)
        if others is not None:
            state = plain.state
            assert state is not None
            plain, parts = CounterSum(others), others
            plain.restore(state)
        total = plain.total
        assert total is not None
        assert last <= total <= round(first + counted / 1000, 3) + 0.002
        last = total
