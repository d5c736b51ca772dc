"""Samples of what a process holds, and whether they grow."""

from dataclasses import dataclass, field

# Caches and histories fill first: growth is that of the samples after this part of the time. In half an hour, a cluster
# of a soak fills its history by the end of the second third: see docs/speed.md.
SETTLED_AFTER = 2 / 3
# Growth in the rest of the time that is no leak but noise, as a part of the value.
NOISE = 0.03


@dataclass
class Samples:
    rows: list[dict[str, float]] = field(default_factory=list)

    def add(self, row: dict[str, float]) -> None:
        self.rows.append(row)

    def growth(self, name: str) -> float:
        """The growth after caches have filled, by least squares, as a part of the mean."""
        values = [row[name] for row in self.rows[int(len(self.rows) * SETTLED_AFTER) :]]
        middle, mean = (len(values) - 1) / 2, sum(values) / len(values)
        weight = sum((place - middle) ** 2 for place in range(len(values)))
        slope = sum((place - middle) * value for place, value in enumerate(values)) / (weight or 1)
        return slope * (len(values) - 1) / mean

    def show(self) -> None:
        """Print each at five moments of the time, and its growth."""
        moments = [round((len(self.rows) - 1) * part / 4) for part in range(5)]
        print(f'{"":32}{"start":>10}{"1/4":>10}{"1/2":>10}{"3/4":>10}{"end":>10}{"growth in the last third":>32}')
        for name in self.rows[0]:
            figures = ''.join(f'{self.rows[moment][name]:10.1f}' for moment in moments)
            growth = self.growth(name)
            print(f'{name:32}{figures}{growth:32.1%}{"  GROWS" * (growth > NOISE)}')
