"""The labels of stars, as a part of the entrance."""

from pathlib import Path
from typing import TYPE_CHECKING

from catalog.facade.answers import Answers
from catalog.review import labels

if TYPE_CHECKING:
    from astropy.table import Table


class Labels(Answers):
    """What people have seen in stars: `catalog.labels()` lists the labels, its methods give and take them."""

    def __call__(self, label: str | None = None) -> "Table":
        """One row per star, label and author, in the order they were given.

        Parameters
        ----------
        label : str, optional
            Only this label; None: all.
        """
        return self._answer(labels.labels(self.database, label))

    def add(self, mangaid: str, label: str, note: str | None = None, author: str | None = None) -> None:
        """Label a star with what somebody has seen in it.

        Writes one row. The same label by the same author again replaces the note, if one is given, and keeps its date.

        Parameters
        ----------
        mangaid : str
            The star.
        label : str
            A word or a few, in one line.
        note : str, optional
            Whatever there is to say about it.
        author : str, optional
            None: the login name.

        Raises
        ------
        CatalogError
            For an unknown star, or a label without a word.
        """
        labels.add_label(self.database, mangaid, label, note, author)

    def add_file(self, file: str | Path, author: str | None = None) -> int:
        """Label the stars of a file, all or none.

        Writes in one transaction.

        Parameters
        ----------
        file : str or Path
            CSV or ECSV with columns mangaid and label, and perhaps note and author, as the list of labels has them.
        author : str, optional
            Of the rows without one; None: the login name.

        Returns
        -------
        int
            How many labels are new.

        Raises
        ------
        CatalogError
            If the file cannot be read, or a row is at fault; it names the line.
        """
        return labels.add_labels(self.database, Path(file), author)

    def remove(self, mangaid: str, label: str, author: str | None = None) -> None:
        """Take a label back that an author has given; None: the login name.

        Writes: one row goes. Raises CatalogError, which says what labels the star has, if it does not have this one.
        """
        labels.remove_label(self.database, mangaid, label, author)
