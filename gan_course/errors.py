"""The errors that the package raises on purpose. Each message says what to do."""


class CourseError(Exception):
    """Base class: something the reader can put right."""


class DataError(CourseError):
    """A data file is missing, damaged or not what it claims to be."""


class DownloadError(DataError):
    """No mirror sent the file: no network, a cut connection, or wrong contents."""


class CheckpointError(CourseError):
    """A checkpoint can't be written, or does not fit the objects to be restored."""


class DivergedError(CourseError):
    """A loss became NaN or infinite."""


class MissingError(CourseError):
    """A library that a lesson needs isn't installed. A notebook shows the message alone."""

    def _render_traceback_(self):  # IPython calls it instead of printing a traceback
        return [str(self)]
