-- Every unusable pixel has one fault: zero flux beyond the first or last good pixel is an empty end, else inside.
-- The window is the pixels from lo to hi, both included, as in catalog.spectra.window; fewer than two are none.
WITH window_pixels AS (
    SELECT
        dataset.dataset_id,
        dataset.name AS dataset,
        len(list_filter(grid.wavelength, lambda wavelength: wavelength < lo)) + 1 AS first_pixel,
        len(list_filter(grid.wavelength, lambda wavelength: wavelength <= hi)) AS last_pixel
    FROM dataset
    JOIN wavelength_grid AS grid ON grid.grid_id = dataset.grid_id
),

spectrum_fault AS (
    SELECT
        pixels.dataset,
        pixels.dataset_id,
        pixels.last_pixel - pixels.first_pixel + 1 AS n_pixel,
        list_transform(
            list_filter(
                spectrum.bad_run,
                lambda run: run.last >= pixels.first_pixel AND run.first <= pixels.last_pixel
            ),
            lambda run: CASE
                WHEN run.fault <> 'zero' THEN run.fault
                WHEN run.first > spectrum.first_good_pixel AND run.last < spectrum.last_good_pixel THEN 'zero inside'
                ELSE 'empty end'
            END
        ) AS fault
    FROM window_pixels AS pixels
    JOIN spectrum ON spectrum.dataset_id = pixels.dataset_id
    WHERE pixels.last_pixel > pixels.first_pixel
)

SELECT
    found.dataset,
    found.dataset_id,
    found.n_pixel,
    count(*) AS n_spectrum,
    count(*) FILTER (len(found.fault) = 0) AS n_usable,
    count(*) FILTER (list_contains(found.fault, 'empty end')) AS n_empty_end,
    count(*) FILTER (list_contains(found.fault, 'zero inside')) AS n_zero_inside,
    count(*) FILTER (list_contains(found.fault, 'negative')) AS n_negative,
    count(*) FILTER (list_contains(found.fault, 'non-finite')) AS n_nonfinite
FROM spectrum_fault AS found
GROUP BY ALL
ORDER BY found.dataset_id
