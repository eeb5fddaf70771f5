"""A table that shows itself: in columns where it is printed, as a real one in a notebook."""

import html


class Table:
    """Text in columns: as such in print, as a real table in a notebook.

    Parameters
    ----------
    columns : sequence of str
    rows : sequence of sequence of str
        The first text of each is its name; none at all shows the note alone.
    note : str
        A sentence below the table.
    """

    def __init__(self, columns, rows, note=""):
        self._columns, self._rows, self.note = list(columns), [list(row) for row in rows], note

    def _frame(self):
        import pandas

        return pandas.DataFrame(self._rows, columns=self._columns)

    def __str__(self):
        if not self._rows:
            return self.note
        width = max(len(text) for text in [self._columns[0], *(row[0] for row in self._rows)])
        frame = self._frame()
        frame[self._columns[0]] = frame[self._columns[0]].str.ljust(width)
        header = [self._columns[0].ljust(width), *self._columns[1:]]
        return f"{frame.to_string(index=False, header=header)}\n{self.note}".rstrip()

    __repr__ = __str__

    def _repr_html_(self):
        table = self._frame().to_html(index=False, border=0) if self._rows else ""
        note = f"<p>{html.escape(self.note)}</p>" if self.note else ""
        return table + note
