"""Statistics of arrays: mean, standard deviation, range and quantiles of each column.

Images are counted in histograms of their bytes, so that any number of them fits into memory and
the figures are exact. Their unit is that of [0, 1]: bytes divided by 255.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

QUANTILES = (0.01, 0.1, 0.5, 0.9, 0.99)


@dataclass(frozen=True)
class ColumnStatistics:
    """Figures of each column [D] (of images: of each channel [3]); count: of rows or images.

    quantiles [5, D]: at 1, 10, 50, 90 and 99 %.
    """

    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    min: NDArray[np.float64]
    max: NDArray[np.float64]
    quantiles: NDArray[np.float64]
    count: int


def statistics_of_rows(rows: NDArray[Any]) -> ColumnStatistics:
    """Of an array [N, D] without NaN. Figures of no rows are NaN."""
    values = rows.astype(np.float64)
    if len(values) == 0:
        none = np.full(values.shape[1], np.nan)
        return ColumnStatistics(none, none, none, none, np.tile(none, (len(QUANTILES), 1)), 0)
    return ColumnStatistics(
        mean=values.mean(axis=0),
        std=values.std(axis=0),
        min=values.min(axis=0),
        max=values.max(axis=0),
        quantiles=np.quantile(values, QUANTILES, axis=0, method="inverted_cdf"),
        count=len(values),
    )


class ImageStatistics:
    """Counts the bytes of images, channel by channel."""

    def __init__(self) -> None:
        self.histogram = np.zeros((3, 256), np.int64)
        self.count = 0

    def add(self, images: Iterable[NDArray[np.uint8]]) -> None:
        """Adds images [height, width, 3]."""
        for image in images:
            for channel in range(3):
                values = image[:, :, channel].ravel()
                self.histogram[channel] += np.bincount(values, minlength=256)
            self.count += 1

    def merge(self, other: "ImageStatistics") -> None:
        """Adds what another one counted."""
        self.histogram += other.histogram
        self.count += other.count

    def result(self) -> ColumnStatistics:
        """Of what was added, which must be one image at least."""
        values = np.arange(256) / 255.0
        total = self.histogram.sum(axis=1)
        mean = self.histogram @ values / total
        variance = (self.histogram * (values - mean[:, None]) ** 2).sum(axis=1) / total
        below = np.cumsum(self.histogram, axis=1) / total[:, None]
        ends = [np.flatnonzero(row)[[0, -1]] for row in self.histogram]
        return ColumnStatistics(
            mean=mean,
            std=np.sqrt(variance),
            min=np.array([values[first] for first, _ in ends]),
            max=np.array([values[last] for _, last in ends]),
            quantiles=np.array(
                [[values[np.searchsorted(row, q)] for row in below] for q in QUANTILES]
            ),
            count=self.count,
        )
