-- Names of the bits of MASTAR_QUAL: sdssMaskbits.par of SDSS idlutils. Bits 15 to 29 and 31 have none.
WITH flag (bit, flag) AS (
    VALUES
        (0, 'NODATA'),
        (1, 'SKYSUBBAD'),
        (2, 'HIGHSCAT'),
        (3, 'BADFLUX'),
        (4, 'LOWCOV'),
        (5, 'POORCAL'),
        (6, 'BADHELIORV'),
        (7, 'MANUAL'),
        (8, 'EMLINE'),
        (9, 'LOWSN'),
        (10, 'MULTIFIBER'),
        (11, 'BLOWTORCH'),
        (12, 'SEVEREBT'),
        (13, 'UPTURNRISK'),
        (14, 'UPTURNMANUAL'),
        (30, 'CRITICAL')
)

SELECT
    star.mangaid,
    visit.plate,
    visit.ifudesign,
    visit.mjd,
    visit.star_id,
    bits.bit,
    flag.flag
FROM visit
JOIN star ON star.star_id = visit.star_id
JOIN range(32) AS bits (bit) ON (visit.mjdqual::BIGINT >> bits.bit) & 1 = 1
LEFT JOIN flag ON flag.bit = bits.bit
