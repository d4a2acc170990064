"""Plots the emotions over time."""

from array import array

import numpy as np

from pipeline.detection.outputs.drawing import colors_of

MOST_FACES = 6  # panels
MOST_COLUMNS = 1000  # beyond this many frames, a column is the mean over some of them

# Seconds between two ticks of the time axis, and the most ticks.
TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600)
MOST_TICKS = 12


class Timeline:
    """Keeps each face's emotions, a few bytes a frame, and plots those of the longest seen."""

    def __init__(self, summary):
        self._summary = summary
        self.seconds = array("d")  # of each frame
        self.frames = {}  # places in seconds, by the number of the face
        self.probabilities = {}  # those there in a row, by the number of the face

    def write(self, frame, faces):
        for face in faces:
            self.frames.setdefault(face.number, array("l")).append(len(self.seconds))
            self.probabilities.setdefault(face.number, array("f")).extend(face.probabilities)
        self.seconds.append(frame.seconds)

    def save(self, path):
        """Draw a panel for each of the faces that were in sight longest."""
        from pipeline.evaluation.plots import figure_for

        statistics, class_names = self._summary.statistics, self._summary.class_names
        shown = statistics.longest(MOST_FACES)
        rows = max(1, len(shown))
        with figure_for(path, 10, 1.4 + 2.0 * rows) as figure:
            axes = figure.subplots(rows, 1, sharex=True, squeeze=False)
            figure.suptitle(title(self._summary.title, len(shown), len(statistics.faces)))
            edges = self.edges()
            for axis, number in zip(axes[:, 0], shown):
                columns = np.repeat(self.columns(number, edges), 2, axis=0)
                areas = axis.stackplot(np.repeat(edges, 2)[1:-1], columns.T, linewidth=0,
                                       colors=colors_of(tuple(class_names)))
                axis.set(ylim=(0, 1), ylabel=f"face {number}")
                axis.yaxis.set_major_formatter("{x:.0%}")
                axis.spines[["top", "right"]].set_visible(False)
            mark_time(axes[-1, 0], edges[0], edges[-1])
            if shown:
                figure.legend(areas[::-1], class_names[::-1], loc="outside right center",
                              frameon=False)

    def edges(self):
        """Return the times between the columns, (columns + 1,) in seconds."""
        edges = np.append(self.seconds, self._summary.statistics.duration)
        most = MOST_COLUMNS + 1
        return edges if len(edges) <= most else np.linspace(edges[0], edges[-1], most)

    def columns(self, number, edges):
        """Return a face's mean probabilities, (columns, classes), NaN where it is out of sight."""
        frames = np.array(self.frames[number])
        values = np.array(self.probabilities[number]).reshape(len(frames), -1)
        places = np.searchsorted(edges[:-1], np.array(self.seconds)[frames], side="right") - 1
        sums = np.zeros((len(edges) - 1, values.shape[1]))
        np.add.at(sums, places, values)
        counts = np.bincount(places, minlength=len(sums))[:, np.newaxis]
        return np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)


def title(name, shown, total):
    if shown < total:
        return f"{name}: the {shown} of {total:,} faces that were in sight longest"
    return f"{name}: " + (f"{total} face" + "s" * (total > 1) if total else "no face was found")


def mark_time(axis, first, last):
    """Label the time axis in seconds, from a minute on in minutes, from an hour on in hours."""
    from matplotlib.ticker import FuncFormatter, MultipleLocator

    step = next((step for step in TICKS if last - first <= MOST_TICKS * step), TICKS[-1])
    unit, form = "seconds", "{x:g}"
    if last >= 3600:
        unit, form = "hours:minutes:seconds", "{hours:.0f}:{minutes:02.0f}:{seconds:02.0f}"
    elif last >= 60:
        unit, form = "minutes:seconds", "{minutes:.0f}:{seconds:02.0f}"
    axis.set(xlabel=unit, xlim=(first, max(last, first + 0.001)))
    axis.xaxis.set_major_locator(MultipleLocator(step))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda x, _: form.format(
        x=x, hours=x // 3600, minutes=x % 3600 // 60, seconds=x % 60)))
