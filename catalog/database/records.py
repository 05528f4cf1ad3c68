"""What a question is about, as a user names it, and the rows that those names stand for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Scope:
    """Names of the dataset and the ensemble that a question about scores is about.

    Attributes
    ----------
    dataset : str, optional
        None: the only one that the ensemble has scored.
    ensemble : str, optional
        None: the newest that has scored anything.
    """

    dataset: str | None = None
    ensemble: str | None = None


@dataclass(frozen=True)
class Visit:
    """One visit to a star, where it has several spectra in a dataset; None: the only one."""

    plate: int | None = None
    mjd: int | None = None


@dataclass(frozen=True)
class Dataset:
    """A row of the table `dataset`."""

    dataset_id: int
    name: str
    survey: str
    release: str | None
    product: str
    lsf_percentile: float | None
    grid_id: int
    n_spectrum: int
    n_usable: int


@dataclass(frozen=True)
class Ensemble:
    """A row of the table `ensemble`; `recipe` and `origin` as they lie in its JSON."""

    ensemble_id: int
    name: str
    dataset_id: int | None
    n_spectrum: int
    recipe: dict[str, Any]
    recipe_sha256: str
    created_at: datetime
    code_version: str
    grid_id: int | None
    origin: dict[str, Any] | None


@dataclass(frozen=True)
class ModelVersion:
    """The main columns of a row of the table `model_version`."""

    model_id: int
    ensemble_id: int
    member: int
    name: str
    seed: int
    status: str
    weights_file: str | None
    weights_sha256: str | None


@dataclass(frozen=True)
class Region:
    """The main columns of a row of the table `cmd_region`."""

    name: str
    corrected: bool
    builtin: bool


@dataclass(frozen=True)
class AttachedCatalog:
    """The main columns of a row of the table `external_catalog`."""

    external_catalog_id: int
    name: str
    file: str
    sha256: str
    asked_sha256: str


@dataclass(frozen=True)
class Scored:
    """An ensemble and a dataset that it has scored."""

    ensemble: Ensemble
    dataset: Dataset

    @property
    def ids(self) -> dict[str, int]:
        """Both numbers, as parameters of SQL."""
        return {"ensemble_id": self.ensemble.ensemble_id, "dataset_id": self.dataset.dataset_id}

    @property
    def names(self) -> dict[str, str]:
        """Both names, as parameters of SQL and as what an answer says of itself."""
        return {"ensemble": self.ensemble.name, "dataset": self.dataset.name}
