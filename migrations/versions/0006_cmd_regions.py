"""Named regions of the colour-magnitude diagram.

Why: which of the giants, or of the white dwarfs, are odd is asked of polygons and not of rectangles, and the polygon is
part of the answer; so it is a row, by its name, and the same in every database. Users add rows of their own.
NULL in old rows means: there are no old rows; in new ones, `description` is NULL where its maker gave none.

A polygon is a list of vertices and not rows of a table of its own, since nothing asks for a vertex without the others.
`name` is the key: there is nothing to a region but its name and its polygon.
"""

from datetime import datetime

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CMD_REGION = """
    CREATE TABLE cmd_region (
        name VARCHAR NOT NULL,
        polygon STRUCT(bp_rp DOUBLE, abs_g DOUBLE)[] NOT NULL,
        corrected BOOLEAN NOT NULL,
        description VARCHAR,
        created_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
        builtin BOOLEAN NOT NULL,
        UNIQUE (name)
    )
"""

# One for all, so that databases with the same content are equal whenever they were made.
CREATED_AT = datetime(2026, 11, 22)

# Name, (BP-RP, M_G) in mag corrected for extinction, description. `giants` is a published cut as it stands and holds
# `agb` and `red-clump`; the other regions have no star in common.
BUILTIN = (
    (
        "main-sequence",
        # The bright side from hot to cool, then the faint side back.
        ((-0.6, -6.0), (-0.3, -4.0), (0.0, -1.0), (0.3, 0.8), (0.6, 2.0), (0.8, 3.0), (0.95, 4.0), (1.4, 5.5),
         (1.85, 6.7), (2.4, 8.4), (2.9, 10.3), (3.4, 11.6), (4.0, 12.8), (5.0, 14.4),
         (5.0, 17.5), (4.0, 15.9), (3.4, 14.8), (2.9, 13.4), (2.4, 11.9), (1.85, 10.0), (1.4, 8.5), (0.95, 7.0),
         (0.8, 6.3), (0.6, 5.2), (0.3, 3.8), (0.0, 2.5), (-0.3, 1.0), (-0.6, -1.0)),
        "Dwarfs from O to late M, with binaries and metal-poor ones: our own reading of Fig. 1 of Gaia Collaboration, "
        "Babusiaux et al. 2018 (A&A 616, A10), a band around the mean dwarfs of Pecaut & Mamajek 2013 (ApJS 208, 9)",
    ),
    (
        "giants",
        ((0.95, -10.0), (10.0, -10.0), (10.0, 3.9), (0.95, 3.9)),
        "Red giants, clump and AGB: BP-RP > 0.95 and M_G < 3.9, the giants of Gaia Collaboration, Katz et al. 2018 "
        "(A&A 616, A11); closed at BP-RP 10 and M_G -10, beyond all stars",
    ),
    (
        "red-clump",
        ((1.0, 0.0), (1.4, 0.0), (1.4, 1.0), (1.0, 1.0)),
        "Red clump: M_G 0.495 of Ruiz-Dern et al. 2018 (A&A 609, A116), and half a magnitude to either side; colours: "
        "our own reading of Fig. 10 of Gaia Collaboration, Babusiaux et al. 2018 (A&A 616, A10). First-ascent giants "
        "lie there as well",
    ),
    (
        "agb",
        ((2.5, -10.0), (10.0, -10.0), (10.0, 3.9), (2.5, 3.9)),
        "Giants redder than BP-RP 2.5, about where the first giant branch ends: our own reading of Fig. 1 of Gaia "
        "Collaboration, Babusiaux et al. 2018 (A&A 616, A10). Suzuki 2026 (section 4.3) has an O-rich TP-AGB star at "
        "BP-RP 4.46, M_G -0.19, and fewer than ten objects beyond 4",
    ),
    (
        "white-dwarfs",
        ((-0.8, 7.92), (2.0, 15.2), (2.0, 20.0), (-0.8, 20.0)),
        "M_G > 10 + 2.6 (BP-RP), the white dwarfs of Gaia Collaboration, Babusiaux et al. 2018 (A&A 616, A10); closed "
        "at BP-RP -0.8 and 2 and M_G 20, beyond all white dwarfs",
    ),
    (
        "hot-subdwarfs",
        ((-0.7, 2.5), (-0.2, 3.0), (0.3, 5.0), (0.3, 7.0), (-0.7, 7.0)),
        "sdO and sdB, below the main sequence: our own reading, within the limits of Geier et al. 2019 (A&A 621, A38), "
        "BP-RP -0.7 to 0.7 and M_G -1 to 7, without their part on the main sequence",
    ),
)  # fmt: skip


def upgrade() -> None:
    op.execute(CMD_REGION)
    for name, polygon, description in BUILTIN:
        vertices = [{"bp_rp": bp_rp, "abs_g": abs_g} for bp_rp, abs_g in polygon]
        op.get_bind().exec_driver_sql(
            "INSERT INTO cmd_region VALUES ($name, $polygon, true, $description, $created_at, true)",
            {"name": name, "polygon": vertices, "description": description, "created_at": CREATED_AT},
        )
