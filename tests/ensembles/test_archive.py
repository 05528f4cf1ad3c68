"""The file of an exported ensemble: what was written, or one line that says what is wrong; never something else."""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from ensemble_rows import weights_of, with_ensemble
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sizes import examples

from catalog import Catalog
from catalog.ensembles.archive import Archive, read_archive, weights_blocks
from catalog.errors import CatalogError
from catalog.provenance import canonical_json, sha256_of_text


@pytest.fixture(scope="module")
def exported(ingested: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    shutil.copy(ingested, folder / "c.duckdb")
    Catalog(with_ensemble(folder / "c.duckdb")).export_ensemble("test", folder / "test.zip")
    return folder / "test.zip"


@pytest.fixture
def repacked(exported: Path, tmp_path: Path) -> Callable[..., Path]:
    """The file with its entries put together anew, some replaced by other bytes, left out (None), or added."""

    def repack(changes: dict[str, bytes | None], compression: int = zipfile.ZIP_STORED) -> Path:
        with zipfile.ZipFile(exported) as archive:
            entries: dict[str, bytes | None] = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(tmp_path / "changed.zip", "w", compression) as archive:
            for name, content in (entries | changes).items():
                if content is not None:
                    archive.writestr(name, content)
        return tmp_path / "changed.zip"

    return repack


def content(file: Archive) -> tuple:
    weights = [model.weights_sha256 for model in file.manifest.models]
    return file.manifest, file.stars, [b"".join(weights_blocks(file.path, sha256)) for sha256 in weights]


def entries(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def manifest_of(path: Path) -> dict:
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("manifest.json"))


def signed(manifest: dict, **other: object) -> bytes:
    """A manifest by somebody who knows how its SHA-256 is made."""
    whole = {"format": 1, "manifest": manifest, "sha256": sha256_of_text(canonical_json(manifest))}
    return canonical_json(whole | other).encode()


def test_it_is_a_plain_archive_with_nothing_compressed(exported: Path) -> None:
    weights = [f"weights/{hashlib.sha256(weights_of(member)).hexdigest()}.npz" for member in (1, 2)]
    assert entries(exported) == ["manifest.json", "stars/MODEL1.json", "stars/MODEL2.json", *sorted(weights)]
    with zipfile.ZipFile(exported) as archive:
        assert archive.testzip() is None
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_its_weights_are_those_that_went_in(exported: Path) -> None:
    assert content(read_archive(exported))[2] == [weights_of(1), weights_of(2)]


def test_packed_anew_it_is_the_same(exported: Path, repacked: Callable[..., Path]) -> None:
    assert content(read_archive(repacked({}))) == content(read_archive(exported))


@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_flipped_bits_are_refused_or_change_nothing(exported: Path, tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray(exported.read_bytes())
    # Also near the ends, where the archive's own numbers are.
    anywhere = st.integers(0, len(whole) - 1) | st.integers(len(whole) - 500, len(whole) - 1) | st.integers(0, 100)
    for position in data.draw(st.lists(anywhere, min_size=1, max_size=3, unique=True)):
        whole[position] ^= data.draw(st.integers(1, 255))
    (tmp_path / "flipped.zip").write_bytes(whole)
    refused_or_the_same(tmp_path / "flipped.zip", exported)


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_part_is_refused(exported: Path, tmp_path: Path, data: st.DataObject) -> None:
    whole = exported.read_bytes()
    begin = data.draw(st.sampled_from([0, 0, 0, 1, 100]))
    end = data.draw(st.integers(begin, len(whole) - 1))
    (tmp_path / "part.zip").write_bytes(whole[begin:end])
    with pytest.raises(CatalogError, match=r"part\.zip "):
        read_archive(tmp_path / "part.zip")


def refused_or_the_same(path: Path, original: Path) -> None:
    try:
        found = content(read_archive(path))
    except CatalogError as refused:
        said = str(refused)
    else:
        assert found == content(read_archive(original))
        return
    assert said.startswith(f"{path} ")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"../../outside.npz": b"x"}, "what is in it is not what its manifest says"),
        ({"/etc/passwd": b"x"}, "what is in it is not what its manifest says"),
        ({"stars/MODEL3.json": b"{}"}, "what is in it is not what its manifest says"),
        ({"stars/MODEL1.json": None}, "what is in it is not what its manifest says"),
        ({"stars/MODEL1.json": b'{"train":[],"validation":[]}'}, "its list of the stars of MODEL1 was changed"),
        ({"manifest.json": None}, "There is no item named 'manifest.json'"),
        ({"manifest.json": b"{}"}, "its manifest is not that of an ensemble"),
        ({"manifest.json": b"[" * 100_000}, "test|recursion"),
        ({"manifest.json": b"\xff"}, "decode"),
    ],
)
def test_a_changed_archive_says_what_is_wrong(repacked: Callable[..., Path], changes: dict, message: str) -> None:
    with pytest.raises(CatalogError, match=rf"changed\.zip is not, or no longer, .*({message}).*; get it again"):
        read_archive(repacked(changes))


def test_changed_weights_are_refused(exported: Path, repacked: Callable[..., Path]) -> None:
    with pytest.raises(CatalogError, match="weights in it were changed"):
        read_archive(repacked({entries(exported)[-1]: b"others"}))


def test_an_entry_twice_is_refused(exported: Path, repacked: Callable[..., Path]) -> None:
    path = repacked({})
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("stars/MODEL1.json", b"{}")
    with pytest.raises(CatalogError, match="what is in it is not what its manifest says"):
        read_archive(path)


def test_what_is_compressed_inside_is_not_unpacked(repacked: Callable[..., Path]) -> None:
    with pytest.raises(CatalogError, match="it is compressed inside"):
        read_archive(repacked({"zeros": bytes(10**8)}, zipfile.ZIP_DEFLATED))


@pytest.mark.parametrize(
    ("stars", "message"),
    [
        ([], "is not a valid list"),
        ({"train": ["7-1"]}, "is not a valid list"),
        ({"train": ["7-1", "7-1"], "validation": []}, "is not a valid list"),
        ({"train": [7], "validation": []}, "is not a valid list"),
        ({"train": [""], "validation": []}, "is not a valid list"),
        ({"train": ["\ud800"], "validation": []}, "surrogates not allowed"),
        ({"train": ["7-1"], "validation": ["7-1"]}, "in both splits"),
    ],
)
def test_stars_that_are_none_are_refused(
    exported: Path, repacked: Callable[..., Path], stars: object, message: str
) -> None:
    manifest = manifest_of(exported)["manifest"]
    text = canonical_json(stars)
    manifest["models"][0]["stars_sha256"] = sha256_of_text(text)
    with pytest.raises(CatalogError, match=message):
        read_archive(repacked({"manifest.json": signed(manifest), "stars/MODEL1.json": text.encode()}))


def test_a_newer_format_names_the_command(exported: Path, repacked: Callable[..., Path]) -> None:
    newer = signed(manifest_of(exported)["manifest"], format=2)
    with pytest.raises(CatalogError, match=r"of a newer version \(it has format 2\); run: pip install --upgrade"):
        read_archive(repacked({"manifest.json": newer}))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("recipe", {"epochs": 3}, "its recipe was changed"),
        ("wavelength", [1.0, float("nan")], "its wavelength grid is not a valid grid"),
        ("wavelength", [], "its wavelength grid is not a valid grid"),
        ("wavelength", [2.0, 1.0], "its wavelength grid is not a valid grid"),
        ("models", [], "it has no models, or one of them twice"),
        ("n_spectrum", 2**63, "a n_spectrum that is not valid"),
        ("n_spectrum", True, "a n_spectrum that is not valid"),
        ("n_spectrum", -1, "a n_spectrum that is not valid"),
        ("created_at", "2026-01-01T00:00:00+01:00", "a created_at that is not valid"),
        ("created_at", "soon", "Invalid isoformat"),
        ("name", None, "a name that is not valid"),
        ("dataset", {}, "a dataset that is not valid"),
    ],
)
def test_a_manifest_without_sense_is_refused(
    exported: Path, repacked: Callable[..., Path], key: str, value: object, message: str
) -> None:
    manifest = manifest_of(exported)["manifest"] | {key: value}
    with pytest.raises(CatalogError, match=message):
        read_archive(repacked({"manifest.json": signed(manifest)}))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "../../etc/passwd"),
        ("name", "MODEL2"),
        ("member", 0),
        ("member", 2**31),
        ("weights_sha256", "../../x"),
        ("weights_sha256", "A" * 64),
        ("train_loss", "low"),
        ("history", [{"epoch": 1}]),
    ],
)
def test_a_model_without_sense_is_refused(
    exported: Path, repacked: Callable[..., Path], key: str, value: object
) -> None:
    manifest = manifest_of(exported)["manifest"]
    manifest["models"][0][key] = value
    with pytest.raises(CatalogError, match=r"changed\.zip is not, or no longer"):
        read_archive(repacked({"manifest.json": signed(manifest)}))


def test_an_edited_manifest_is_refused(exported: Path, repacked: Callable[..., Path]) -> None:
    text = canonical_json(manifest_of(exported)).replace('"n_train":20', '"n_train":21').encode()
    with pytest.raises(CatalogError, match="its manifest was changed"):
        read_archive(repacked({"manifest.json": text}))


def test_files_of_another_kind(tmp_path: Path, survey: Path) -> None:
    (tmp_path / "empty.zip").write_bytes(b"")
    for path in (survey / "mastarall.fits", tmp_path / "empty.zip"):
        with pytest.raises(CatalogError, match=f"{path.name} is not, or no longer, .*; get it again"):
            read_archive(path)
    for path in (tmp_path / "absent.zip", tmp_path):
        with pytest.raises(CatalogError, match=f"{path.name} cannot be read: (No such file|Is a directory)"):
            read_archive(path)
