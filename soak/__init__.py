"""Many meters at once for a long time: nothing may be lost, and nothing may pile up.

It answers yes or no, where the benchmark answers how much; what it tells besides is for docs/.
"""
