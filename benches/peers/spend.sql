-- Spending, populations, thresholds and cells, from METHODOLOGY sections B.1 to B.3, B.4.1, B.4.2, B.5 and D.1.2. Runs after assign.sql.
-- Three parts: `before` once, `slice` after assign.sql in each slice of lives, `nation` at the end.

--! before
CREATE OR REPLACE TABLE study_year AS SELECT DISTINCT calendar_year FROM own_year;

-- By the day of a payment: what sequestration took off (M.B.1.3), and by when it must have been processed (M.B.5.1). From a year
-- earlier on: episodes reach over the end of a year.
CREATE OR REPLACE TABLE payment_day AS
SELECT day, calendar_year AS year, month_start(day) AS begins_on, 4 * (month(day) - 1)::INT AS shift, (value::DECIMAL(6, 4) * 10000)::INT AS withheld,
  10000 - withheld AS left_over, calendar_year IN (FROM study_year) AS in_study,
  CASE setting('maturity') WHEN 'mature' THEN DATE '9999-12-31'
    ELSE last_day(make_date(calendar_year, 12, 1) + to_months(rule_number('spend.run_out.months', new_year(calendar_year)))) END AS known_by
FROM (SELECT calendar_year, unnest(range(new_year(calendar_year)::TIMESTAMP, new_year(calendar_year + 1)::TIMESTAMP, INTERVAL 1 DAY))::DATE AS day
      FROM (FROM study_year UNION SELECT calendar_year - 1 FROM study_year))
  JOIN rule ON key = 'spend.sequestration.rate' AND day BETWEEN begins AND ends;

CREATE OR REPLACE TABLE kind_of_type AS
SELECT code::INT AS claim_type, replace(key, 'spend.claim_types.', '') AS kind FROM rule_code WHERE starts_with(key, 'spend.claim_types.');

CREATE OR REPLACE TABLE suspect AS
SELECT c.code AS hcpcs, t.code::INT AS claim_type, c.begins, c.ends
FROM rule_code AS c JOIN rule_code AS t ON t.begins = c.begins
WHERE c.key = 'spend.suspect.codes' AND t.key = 'spend.suspect.claim_types';

CREATE OR REPLACE TABLE person_year (bene_key UBIGINT, bene_id VARCHAR, calendar_year INT, enrollment_type VARCHAR, months_mask INT,
  months INT, dual_months INT, county VARCHAR, spend_cents BIGINT, gross_cents BIGINT, inpatient_cents BIGINT, snf_cents BIGINT,
  outpatient_cents BIGINT, home_health_cents BIGINT, hospice_cents BIGINT, carrier_cents BIGINT, dme_cents BIGINT,
  non_claims_cents BIGINT, inpatient_long_term_cents BIGINT, inpatient_rehabilitation_cents BIGINT,
  inpatient_psychiatric_cents BIGINT, inpatient_other_cents BIGINT, ambulance_cents BIGINT);

-- Classes of hospitals by their numbers, and ambulances (M.G).
CREATE OR REPLACE MACRO hospital_code(entry, part) AS
  part IN (SELECT code FROM rule_code WHERE key = 'spend.category.hospitals.' || entry);
CREATE OR REPLACE MACRO hospital_class(ccn) AS CASE
  WHEN hospital_code('rehabilitation_units', ccn[3]) OR hospital_code('rehabilitation', ccn[-4:]) THEN 'rehabilitation'
  WHEN hospital_code('psychiatric_units', ccn[3]) OR hospital_code('psychiatric', ccn[-4:]) THEN 'psychiatric'
  WHEN hospital_code('long_term', ccn[-4:]) THEN 'long_term' ELSE 'other' END;
CREATE OR REPLACE TABLE population (performance_year INT, calendar_year INT, method VARCHAR, bene_key UBIGINT);
CREATE OR REPLACE TABLE head (performance_year INT, calendar_year INT, bene_key UBIGINT, aco_id VARCHAR, basis VARCHAR, cohort VARCHAR,
  county VARCHAR, dual BOOLEAN, subsidised BOOLEAN);
CREATE OR REPLACE TABLE earning (performance_year INT, aco_id VARCHAR, paid_cents BIGINT);

--! slice
-- Acute stays for COVID-19 that count, and the months that they take out (M.B.4.1).
CREATE OR REPLACE TABLE episode_month AS
WITH acute AS (
  SELECT bene_key, coalesce(admission_date, from_date, thru_date) AS admitted_on, coalesce(discharge_date, thru_date) AS discharged_on,
    string_split(diagnoses, ' ') AS codes, ccn[:2] IN (SELECT code FROM rule_code WHERE key = 'spend.inpatient.whole') AS whole,
    ccn[-4:] IN (SELECT code FROM rule_code WHERE key = 'spend.covid.prospective_payment') AS prospective,
    ccn[-4:] IN (SELECT code FROM rule_code WHERE key = 'spend.covid.other_acute') AS other
  FROM lake_facility JOIN payment_day ON day = thru_date JOIN kind_of_type USING (claim_type)
  WHERE kind = 'inpatient' AND nonpayment = '' AND coalesce(proc_date <= known_by, true)),
emergency AS (
  SELECT (value ->> '$[0]')::DATE AS first_day, (value ->> '$[1]')::DATE AS last_day FROM rule WHERE key = 'spend.covid.emergency'),
stay AS (
  SELECT acute.* FROM acute, emergency
  WHERE (prospective OR other)
    AND CASE WHEN prospective AND NOT whole THEN discharged_on ELSE admitted_on END BETWEEN emergency.first_day AND emergency.last_day
    AND EXISTS (SELECT 1 FROM rule_code WHERE key = 'spend.covid.diagnoses' AND discharged_on BETWEEN begins AND ends
                AND list_contains(codes, code)))
SELECT DISTINCT bene_key, unnest(range(month_start(admitted_on)::TIMESTAMP, (month_start(discharged_on)
    + to_months(1 + rule_number('spend.covid.months_after', discharged_on)))::TIMESTAMP, INTERVAL 1 MONTH))::DATE AS begins_on
FROM stay;

-- Eligible months and their types, the first that fits (M.B.2).
CREATE OR REPLACE TABLE eligible_month AS
SELECT m.bene_key, m.year, m.month, m.begins_on,
  m.dual_code IN (SELECT code FROM rule_code WHERE key = 'enroll.dual.codes') AS dual,
  CASE WHEN CASE WHEN e.months_mask IS NULL THEN m.status_code IN (SELECT code FROM rule_code WHERE key = 'enroll.esrd.status')
                 ELSE e.months_mask::INT >> (m.month - 1)::INT & 1 = 1 END THEN 'ESRD'
       WHEN CASE WHEN m.birth_date IS NULL THEN m.status_code IN (SELECT code FROM rule_code WHERE key = 'enroll.disabled.status')
                 ELSE m.begins_on < month_start(m.birth_date + to_years(rule_number('enroll.aged.years', m.begins_on)) - INTERVAL 1 DAY)
                 END THEN 'DIS'
       WHEN m.dual_code IN (SELECT code FROM rule_code WHERE key = 'enroll.dual.codes') THEN 'AGDU' ELSE 'AGND' END AS enrollment_type,
  x.bene_key IS NOT NULL AS in_episode
FROM month AS m JOIN study_year ON m.year = calendar_year JOIN lake_bene AS b ON b.bene_key = m.bene_key
  LEFT JOIN csv_esrd_month AS e ON e.bene_id = b.bene_id AND e.calendar_year::INT = m.year
  LEFT JOIN episode_month AS x ON x.bene_key = m.bene_key AND x.begins_on = m.begins_on
WHERE both_parts AND NOT in_plan;

-- Population-based-payment reductions, by the claim's number in the lake.
CREATE OR REPLACE TABLE reduction AS
WITH texts AS (
  SELECT DISTINCT claim_id, claim_key FROM lake_carrier WHERE claim_id IN (SELECT claim_id FROM csv_claim_reduction)
  UNION SELECT DISTINCT claim_id, claim_key FROM lake_dme WHERE claim_id IN (SELECT claim_id FROM csv_claim_reduction)
  UNION SELECT DISTINCT claim_id, claim_key FROM lake_facility WHERE claim_id IN (SELECT claim_id FROM csv_claim_reduction))
SELECT coalesce(claim_key, try_cast(claim_id AS BIGINT)) AS claim_key, line::INT AS line, sum(cents(amount)) AS cents
FROM csv_claim_reduction LEFT JOIN texts USING (claim_id) GROUP BY ALL;

-- Enrollment types of the months of a life and year, four bits each, so that a payment meets one row: 0 where a month does not count.
CREATE OR REPLACE TABLE life_year AS
SELECT bene_key, year, sum(list_position(['ESRD', 'DIS', 'AGDU', 'AGND'], enrollment_type)::BIGINT << (4 * (month - 1))::INT)::BIGINT AS types
FROM eligible_month WHERE NOT in_episode GROUP BY ALL;

-- Hospitals: their class, and whether what is paid for education and uncompensated care counts (M.B.1, M.G).
CREATE OR REPLACE TABLE hospital AS
SELECT claim_type, ccn, hospital_class(ccn) AS class, ccn[:2] IN (SELECT code FROM rule_code WHERE key = 'spend.inpatient.whole') AS whole
FROM (SELECT DISTINCT claim_type, ccn FROM lake_facility WHERE claim_type IN (SELECT claim_type FROM kind_of_type WHERE kind = 'inpatient'));

-- What sequestration took off, half away from zero (M.B.1.3).
CREATE OR REPLACE MACRO kept(paid) AS paid + sign(paid) * ((2 * abs(paid) * withheld + left_over) // (2 * left_over));

-- Payments that are not denied, known in time, and not of the suspect services (M.B.1, M.B.4.2). Types of claims are told apart when they are summed.
CREATE OR REPLACE TEMP VIEW line_payment AS
SELECT bene_key, claim_key, line, claim_type, line.hcpcs, tin AS biller, year, begins_on, shift,
  paid_cents AS gross_cents, kept(paid_cents) AS spend_cents
FROM (SELECT * EXCLUDE (year) FROM lake_carrier UNION ALL BY NAME SELECT * EXCLUDE (year) FROM lake_dme) AS line
  JOIN (FROM payment_day WHERE in_study) AS d ON day = last_date
  ANTI JOIN suspect ON suspect.hcpcs = line.hcpcs AND suspect.claim_type = line.claim_type AND last_date BETWEEN suspect.begins AND suspect.ends
WHERE coalesce(proc_date <= known_by, true)
  AND denial NOT IN (SELECT code FROM rule_code WHERE key = 'spend.denied.carrier')
  AND processing IN (SELECT code FROM rule_code WHERE key = 'spend.accepted.processing');

CREATE OR REPLACE TEMP VIEW facility_payment AS
SELECT bene_key, claim_key, claim_type, ccn AS biller, year, begins_on, shift, coalesce(class, '') AS class, paid_cents AS gross_cents,
  kept(paid_cents) - CASE WHEN NOT whole
    THEN ime_operating_cents + ime_capital_cents + dsh_operating_cents + dsh_capital_cents + uncompensated_cents ELSE 0 END AS spend_cents
FROM (SELECT * EXCLUDE (year) FROM lake_facility) AS f JOIN (FROM payment_day WHERE in_study) AS d ON day = thru_date
  LEFT JOIN hospital USING (claim_type, ccn)
WHERE nonpayment = '' AND coalesce(proc_date <= known_by, true)
  AND NOT (facility_type IN (SELECT code FROM rule_code WHERE key = 'spend.denied.facility_types')
           AND claim_type IN (SELECT claim_type FROM kind_of_type WHERE kind IN ('outpatient', 'home_health')));

-- What was reduced, as payments of their own; a claim's own reduction goes to its first line that counts.
CREATE OR REPLACE TABLE reduced_line AS
SELECT p.* REPLACE (r.cents AS gross_cents, r.cents AS spend_cents)
FROM (SELECT *, row_number() OVER (PARTITION BY bene_key, claim_key ORDER BY line) AS place
      FROM line_payment SEMI JOIN reduction USING (claim_key)) AS p
  JOIN reduction AS r ON r.claim_key = p.claim_key AND (r.line = p.line OR r.line IS NULL AND place = 1)
WHERE claim_type IN (SELECT claim_type FROM kind_of_type WHERE kind IN ('carrier', 'dme'));
CREATE OR REPLACE TABLE reduced_facility AS
SELECT p.* REPLACE (r.cents AS gross_cents, r.cents AS spend_cents)
FROM facility_payment AS p JOIN (SELECT claim_key, sum(cents) AS cents FROM reduction GROUP BY ALL) AS r USING (claim_key);

-- Sums by life, year and type of month; what is no line of a claim has neither claim type nor class.
CREATE OR REPLACE TABLE spent AS
SELECT bene_key, year, types >> shift & 15 AS type, claim_type, '' AS class, sum(spend_cents) AS spend_cents, sum(gross_cents) AS gross_cents,
  coalesce(sum(spend_cents) FILTER (hcpcs IN (SELECT code FROM rule_code WHERE key = 'spend.category.ambulance')), 0) AS ambulance_cents
FROM (SELECT bene_key, year, shift, claim_type, hcpcs, spend_cents, gross_cents FROM line_payment
      UNION ALL SELECT bene_key, year, shift, claim_type, hcpcs, spend_cents, gross_cents FROM reduced_line)
  JOIN life_year USING (bene_key, year) GROUP BY ALL
UNION ALL
SELECT bene_key, year, types >> shift & 15, claim_type, class, sum(spend_cents), sum(gross_cents), 0
FROM (SELECT bene_key, year, shift, claim_type, class, spend_cents, gross_cents FROM facility_payment
      UNION ALL SELECT bene_key, year, shift, claim_type, class, spend_cents, gross_cents FROM reduced_facility)
  JOIN life_year USING (bene_key, year) GROUP BY ALL;

INSERT INTO person_year
WITH demonstration AS (   -- final ones only, from PY2018 (M.B.1.4)
  SELECT bene_key, year, types >> (4 * (month::INT - 1)) & 15 AS type, sum(cents(amount)) AS cents
  FROM csv_non_claims_payment JOIN lake_bene USING (bene_id) JOIN life_year USING (bene_key)
  WHERE final = '1' AND calendar_year::INT = year GROUP BY ALL),
every AS (
  SELECT spent.* EXCLUDE (claim_type), kind FROM spent JOIN kind_of_type USING (claim_type)
  UNION ALL BY NAME SELECT bene_key, year, type, '' AS class, 'non_claims' AS kind, cents AS spend_cents, cents AS gross_cents, 0 AS ambulance_cents
  FROM demonstration),
by_type AS (
  SELECT bene_key, year, ['ESRD', 'DIS', 'AGDU', 'AGND'][type] AS enrollment_type, sum(spend_cents) AS spend, sum(gross_cents) AS gross,
    sum(spend_cents) FILTER (kind = 'inpatient') AS inpatient, sum(spend_cents) FILTER (kind = 'snf') AS snf,
    sum(spend_cents) FILTER (kind = 'outpatient') AS outpatient, sum(spend_cents) FILTER (kind = 'home_health') AS home_health,
    sum(spend_cents) FILTER (kind = 'hospice') AS hospice, sum(spend_cents) FILTER (kind = 'carrier') AS carrier,
    sum(spend_cents) FILTER (kind = 'dme') AS dme, sum(spend_cents) FILTER (kind = 'non_claims') AS non_claims,
    sum(spend_cents) FILTER (class = 'long_term') AS long_term, sum(spend_cents) FILTER (class = 'rehabilitation') AS rehabilitation,
    sum(spend_cents) FILTER (class = 'psychiatric') AS psychiatric, sum(spend_cents) FILTER (class = 'other') AS other_inpatient,
    sum(ambulance_cents) FILTER (kind = 'carrier') AS ambulance
  FROM every WHERE type > 0 GROUP BY ALL),
enrolled AS (
  SELECT bene_key, year, enrollment_type, sum(1 << (month - 1)::INT)::INT AS months_mask, count(*) AS months, count(*) FILTER (dual) AS dual_months
  FROM eligible_month WHERE NOT in_episode GROUP BY ALL)
SELECT bene_key, bene_id, year, enrollment_type, months_mask, months, dual_months, county, coalesce(spend, 0), coalesce(gross, 0),
  coalesce(inpatient, 0), coalesce(snf, 0), coalesce(outpatient, 0), coalesce(home_health, 0), coalesce(hospice, 0),
  coalesce(carrier, 0), coalesce(dme, 0), coalesce(non_claims, 0), coalesce(long_term, 0), coalesce(rehabilitation, 0),
  coalesce(psychiatric, 0), coalesce(other_inpatient, 0), coalesce(ambulance, 0)
FROM enrolled JOIN lake_bene USING (bene_key) LEFT JOIN year_county ON year_county.bene_key = enrolled.bene_key AND calendar_year = year
  LEFT JOIN by_type USING (bene_key, year, enrollment_type);

INSERT INTO population
SELECT performance_year, calendar_year, method, bene_key
FROM assignable SEMI JOIN (FROM list_year WHERE kept) USING (performance_year, calendar_year);

INSERT INTO head
SELECT a.performance_year, a.calendar_year, b.bene_key, a.aco_id, a.basis, a.cohort, a.county,
  coalesce(bool_or(m.dual), false), coalesce(any_value(l.lis_months::INT) > 0, false)
FROM assignment AS a JOIN lake_bene AS b USING (bene_id)
  LEFT JOIN eligible_month AS m ON m.bene_key = b.bene_key AND m.year = a.calendar_year
  LEFT JOIN csv_lis_adi AS l ON l.bene_id = b.bene_id AND l.calendar_year::INT = a.calendar_year
GROUP BY ALL;

-- What participants were paid for any life in the performance year, outside episodes (M.B.5).
INSERT INTO earning
WITH practice AS (SELECT performance_year, biller, unnest(acos) AS aco_id FROM tin_owner),
facility AS (SELECT performance_year, biller, unnest(acos) AS aco_id FROM ccn_owner),
paid AS (
  SELECT bene_key, claim_type, biller, year, begins_on, gross_cents FROM line_payment WHERE year IN (SELECT performance_year FROM own_year)
  UNION ALL SELECT bene_key, claim_type, biller, year, begins_on, gross_cents FROM reduced_line),
paid_facility AS (
  SELECT bene_key, claim_type, biller, year, begins_on, gross_cents FROM facility_payment WHERE year IN (SELECT performance_year FROM own_year)
  UNION ALL SELECT bene_key, claim_type, biller, year, begins_on, gross_cents FROM reduced_facility),
every AS (
  SELECT performance_year, aco_id, bene_key, claim_type, begins_on, gross_cents
  FROM paid JOIN practice ON practice.biller = paid.biller AND performance_year = year
  UNION ALL
  SELECT performance_year, aco_id, bene_key, claim_type, begins_on, gross_cents
  FROM paid_facility AS paid JOIN facility ON facility.biller = paid.biller AND performance_year = year)
SELECT performance_year, aco_id, sum(gross_cents) FROM every JOIN kind_of_type USING (claim_type)
  ANTI JOIN episode_month USING (bene_key, begins_on) GROUP BY ALL;

--! nation
-- Assignable lives of the calendar year, and by the prospective window where agreements from 2024 on ask for it (M.A.8.4).
CREATE OR REPLACE TABLE populated AS
SELECT performance_year, calendar_year, method, county, enrollment_type, months, spend_cents
FROM population JOIN person_year USING (calendar_year, bene_key)
WHERE method = 'retrospective' OR (performance_year, calendar_year) IN (
  SELECT (performance_year, calendar_year) FROM own_year JOIN aco_period USING (performance_year, period, aco_id)
  WHERE aco_period.method = 'prospective' AND rule_text('cells.population.window', agreement_start) = 'method');

-- Nearest rank: the first life with the percentile of all lives at or below it, half-up to the cent (M.B.3.3).
CREATE OR REPLACE TABLE threshold AS
WITH ranked AS (
  SELECT *, row_number() OVER (PARTITION BY performance_year, calendar_year, enrollment_type
      ORDER BY spend_cents::HUGEINT * (27720 // months)) AS place,   -- exact: 27720 is a multiple of every number of months
    count(*) OVER (PARTITION BY performance_year, calendar_year, enrollment_type) AS lives,
  FROM populated WHERE method = 'retrospective'),
percentile AS (
  SELECT performance_year, (rule_value('cells.truncation.percentile', new_year(performance_year))::DECIMAL(6, 4) * 10000)::BIGINT AS share
  FROM (SELECT DISTINCT performance_year FROM own_year))
SELECT performance_year, calendar_year, 'assignable' AS population, enrollment_type, (24 * spend_cents + months) // (2 * months) AS threshold_cents
FROM ranked JOIN percentile USING (performance_year) WHERE place = (lives * share + 9999) // 10000;

-- Truncated where the exact annualised spending is beyond the rounded threshold.
CREATE OR REPLACE MACRO is_over(spend, months, threshold) AS coalesce(12 * spend > threshold * months, false);
CREATE OR REPLACE MACRO is_under(spend, months, threshold) AS coalesce(12 * spend < -threshold * months, false);

CREATE OR REPLACE TABLE population_county AS
SELECT performance_year, calendar_year, 'assignable' AS population, method AS "window", county, enrollment_type, count(*) AS lives,
  sum(months) AS months,
  coalesce(sum(spend_cents) FILTER (NOT is_over(spend_cents, months, threshold_cents) AND NOT is_under(spend_cents, months, threshold_cents)), 0)
    AS below_cents,
  coalesce(sum(months) FILTER (is_over(spend_cents, months, threshold_cents)), 0) AS months_over,
  coalesce(sum(months) FILTER (is_under(spend_cents, months, threshold_cents)), 0) AS months_under,
  sum(spend_cents) AS spend_cents
FROM populated LEFT JOIN threshold USING (performance_year, calendar_year, enrollment_type) GROUP BY ALL;

CREATE OR REPLACE TABLE own_head AS
SELECT period, head.* FROM head JOIN own_year USING (performance_year, aco_id, calendar_year);

CREATE OR REPLACE TABLE assigned_county AS
SELECT h.performance_year, period, aco_id, h.calendar_year, cohort, p.county, enrollment_type, count(*) AS lives, sum(months) AS months,
  sum(dual_months) AS dual_months,
  coalesce(sum(spend_cents) FILTER (NOT is_over(spend_cents, months, threshold_cents) AND NOT is_under(spend_cents, months, threshold_cents)), 0)
    AS below_cents,
  coalesce(sum(months) FILTER (is_over(spend_cents, months, threshold_cents)), 0) AS months_over,
  coalesce(sum(months) FILTER (is_under(spend_cents, months, threshold_cents)), 0) AS months_under,
  sum(spend_cents) AS spend_cents, sum(gross_cents) AS gross_cents
FROM own_head AS h JOIN person_year AS p USING (bene_key, calendar_year)
  LEFT JOIN threshold USING (performance_year, calendar_year, enrollment_type)
GROUP BY ALL;

CREATE OR REPLACE TABLE aco_heads AS
SELECT performance_year, period, aco_id, calendar_year, count(*) AS head_count, count(*) FILTER (dual) AS dual_heads,
  count(*) FILTER (dual OR subsidised) AS lis_or_dual_heads, count(*) FILTER (basis = 'voluntary') AS voluntary_only,
  count(*) FILTER (basis = 'claims') AS claims_only, count(*) FILTER (basis = 'both') AS both
FROM own_head GROUP BY ALL;

CREATE OR REPLACE TABLE aco_county_heads AS
SELECT performance_year, period, aco_id, calendar_year, county, count(*) AS head_count FROM own_head GROUP BY ALL;

CREATE OR REPLACE TABLE revenue AS
SELECT performance_year, aco_id, performance_year AS calendar_year, sum(paid_cents)::BIGINT AS paid_cents FROM earning GROUP BY ALL;
