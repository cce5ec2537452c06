-- Assignment of the lives of one slice of the lake, from METHODOLOGY section A (42 CFR 425.400 to 425.404), performance years from 2019.
-- Given: the tables of inputs.sql and the views `lake_<table>` over the slice. Leaves: month, service, assignable, and rows appended to
-- `assignment`, columns as in run/assignment.

-- Months that count: those that do not begin after death (M.A.1.1).
-- Nearly all lives share a handful of strings of codes: each is read once.
CREATE OR REPLACE TABLE pattern_month AS
SELECT buyin, plan, dual, status, m AS month,
  buyin[m] IN (SELECT code FROM rule_code WHERE key = 'enroll.parts.both') AS both_parts,
  buyin[m] IN (SELECT code FROM rule_code WHERE key = 'enroll.parts.one') AS one_part,
  plan[m] IN (SELECT code FROM rule_code WHERE key = 'enroll.plan.codes') AS in_plan,
  substring(dual, 2 * m - 1, 2) AS dual_code, substring(status, 2 * m - 1, 2) AS status_code
FROM (SELECT DISTINCT buyin, plan, dual, status FROM lake_enrollment), range(1, 13) AS months(m);

CREATE OR REPLACE TABLE month AS
WITH life AS (
  SELECT bene_key, arg_max(birth_date, year) AS birth_date, max(death_date) AS death_date FROM lake_enrollment GROUP BY ALL)
SELECT e.bene_key, e.year::INT AS year, p.month, make_date(e.year::INT, p.month::INT, 1) AS begins_on, life.birth_date, life.death_date,
  both_parts, one_part, in_plan,
  nullif(trim(substring(CASE setting('county_codes') WHEN 'ssa' THEN county_ssa ELSE county_fips END, 5 * p.month - 4, 5)), '') AS county,
  dual_code, status_code
FROM lake_enrollment AS e JOIN life USING (bene_key) JOIN pattern_month AS p USING (buyin, plan, dual, status)
WHERE life.death_date IS NULL OR make_date(e.year::INT, p.month::INT, 1) <= life.death_date;

CREATE OR REPLACE TABLE residence AS
SELECT county, bool_or(starts_with(county, code)) AS inside
FROM (SELECT DISTINCT county FROM month WHERE county IS NOT NULL),
  (SELECT code FROM rule_code WHERE key = 'enroll.residence.' || setting('county_codes')) GROUP BY ALL;

-- M.A.1.1, 1.2, 1.4 over each window of twelve months; the retrospective window is also the year of M.A.1.6.
CREATE OR REPLACE TABLE eligible AS
WITH span AS (SELECT DISTINCT calendar_year, method, first_day, last_day FROM assignment_window)
SELECT calendar_year, method, bene_key
FROM month JOIN span ON begins_on BETWEEN first_day AND last_day LEFT JOIN residence USING (county)
GROUP BY ALL
HAVING bool_or(both_parts) AND NOT bool_or(one_part) AND NOT bool_or(in_plan)
  AND coalesce(arg_max(inside, begins_on) FILTER (county IS NOT NULL), false)
  AND coalesce(any_value(death_date) >= new_year(calendar_year), true);

-- Stays, for visits in nursing facilities and to inpatients (M.A.5.1, 5.2): claims that are not denied.
CREATE OR REPLACE TABLE stay AS
SELECT bene_key, claim_type IN (SELECT code::INT FROM rule_code WHERE key = 'primary_care.snf.claim_types') AS nursing,
  coalesce(from_date, thru_date) AS first_day, thru_date AS last_day, coalesce(proc_date, DATE '0001-01-01') AS known_on
FROM lake_facility
WHERE nonpayment = '' AND claim_type IN (
  SELECT code::INT FROM rule_code WHERE key IN ('primary_care.snf.claim_types', 'primary_care.inpatient.claim_types'));

-- Outpatient claims of clinics, Method II critical access hospitals and teaching-amendment hospitals (M.A.7).
CREATE OR REPLACE TABLE outpatient AS
SELECT bene_key, claim_key, ccn, from_date, thru_date, proc_date, paid_cents, deductible_cents, coinsurance_cents, rendering_npi, other_npi,
  attending_npi, facility_type || service_class AS bill_type, CASE
    WHEN bill_type IN (SELECT code FROM rule_code WHERE key = 'assign.cah.bill_types') THEN 'cah'
    WHEN bill_type IN (SELECT code FROM rule_code WHERE key = 'assign.eta.bill_types') THEN 'eta'
    WHEN EXISTS (SELECT 1 FROM rule_code WHERE key = 'assign.clinic.bill_types' AND code = bill_type
                 AND thru_date BETWEEN begins AND ends) THEN 'clinic' END AS provider
FROM lake_facility
WHERE nonpayment = '' AND claim_type IN (SELECT code::INT FROM rule_code WHERE key = 'spend.claim_types.outpatient')
  AND facility_type NOT IN (SELECT code FROM rule_code WHERE key = 'spend.denied.facility_types')
  AND provider IS NOT NULL AND (provider <> 'eta' OR ccn IN (SELECT ccn FROM csv_eta_hospital));

CREATE OR REPLACE TABLE outpatient_line AS
SELECT o.provider, r.bene_key, r.claim_key, r.line, r.center, r.hcpcs, r.paid_cents, r.deductible_cents, r.coinsurance_cents,
  coalesce(r.service_date, o.thru_date) AS day, o.ccn, o.proc_date,
  CASE o.provider
    WHEN 'cah' THEN coalesce(nullif(r.rendering_npi, ''), nullif(o.rendering_npi, ''), nullif(o.other_npi, ''), nullif(o.attending_npi, ''))
    ELSE coalesce(nullif(o.other_npi, ''), nullif(o.attending_npi, '')) END AS npi
FROM lake_revenue AS r JOIN outpatient AS o USING (bene_key, claim_key)
WHERE r.hcpcs IN (SELECT hcpcs FROM primary_care_code);   -- bases of add-ons and nursing facility visits are such codes too

-- Every service that can be primary care in some performance year, whatever the window. `cents`: allowed charges.
CREATE OR REPLACE TABLE service AS
WITH specialty AS (
  SELECT l.bene_key, l.claim_key, l.line, arg_max(p.specialty, coalesce(p.begins_on::DATE, DATE '0001-01-01')) AS specialty
  FROM outpatient_line AS l JOIN csv_provider_specialty AS p ON p.npi = l.npi
    AND l.day BETWEEN coalesce(p.begins_on::DATE, DATE '0001-01-01') AND coalesce(p.ends_on::DATE, DATE '9999-12-31')
  GROUP BY ALL)
SELECT 'line' AS provider, 'practice' AS kind, bene_key, claim_key, line, tin AS biller, coalesce(first_date, last_date) AS from_day,
  last_date AS day, coalesce(proc_date, DATE '0001-01-01') AS known_on, hcpcs, specialty, place, allowed_cents AS cents
FROM lake_carrier
WHERE claim_type IN (SELECT code::INT FROM rule_code WHERE key = 'spend.claim_types.carrier')
  AND denial NOT IN (SELECT code FROM rule_code WHERE key = 'spend.denied.carrier')
  AND processing IN (SELECT code FROM rule_code WHERE key = 'spend.accepted.processing')
  AND hcpcs IN (SELECT hcpcs FROM primary_care_code)
  AND last_date BETWEEN (SELECT min(expanded_first_day) FROM assignment_window) AND (SELECT max(last_day) FROM assignment_window)
  AND (specialty IN (SELECT specialty FROM clinician) OR EXISTS (FROM cohort_aco))   -- cohorts ask for anybody's services
UNION ALL
SELECT provider, 'facility', bene_key, claim_key, line, ccn, day, day, coalesce(proc_date, DATE '0001-01-01'), l.hcpcs, specialty, '',
  CASE provider WHEN 'cah' THEN paid_cents + deductible_cents + coinsurance_cents ELSE coalesce(cents(fee.amount), 0) END
FROM outpatient_line AS l LEFT JOIN specialty USING (bene_key, claim_key, line)
  LEFT JOIN csv_eta_fee AS fee ON fee.hcpcs = l.hcpcs AND fee.calendar_year::INT = year(day)
WHERE (provider = 'cah' AND center[:3] IN (SELECT code FROM rule_code WHERE key = 'assign.cah.centers')
       OR provider = 'eta' AND l.hcpcs NOT IN (
         SELECT code FROM rule_code WHERE key = 'primary_care.eta.not_listed' AND day BETWEEN begins AND ends))
  AND l.hcpcs IN (SELECT hcpcs FROM primary_care_code)
UNION ALL
SELECT provider, 'facility', bene_key, claim_key, 0, ccn, coalesce(from_date, thru_date), thru_date,
  coalesce(proc_date, DATE '0001-01-01'), '', '', '', paid_cents + deductible_cents + coinsurance_cents
FROM outpatient WHERE provider = 'clinic';

-- The days on which overlapping stays became known, for the services that a stay can exclude.
CREATE OR REPLACE TABLE during_stay AS
SELECT provider, bene_key, claim_key, line,
  min(stay.known_on) FILTER (nursing) AS nursing_known_on, min(stay.known_on) FILTER (NOT nursing) AS inpatient_known_on
FROM service JOIN stay USING (bene_key)
WHERE hcpcs IN (SELECT hcpcs FROM primary_care_code WHERE primary_care_code.nursing OR not_inpatient)
  AND first_day <= day AND last_day >= from_day
GROUP BY ALL
UNION ALL   -- a clinic's claim goes with any nursing facility visit that it carries
SELECT s.provider, s.bene_key, s.claim_key, 0, min(stay.known_on), NULL
FROM service AS s JOIN outpatient_line AS l USING (bene_key, claim_key) JOIN stay USING (bene_key)
WHERE s.provider = 'clinic' AND nursing AND s.day BETWEEN stay.first_day AND stay.last_day
  AND l.hcpcs IN (SELECT hcpcs FROM primary_care_code WHERE primary_care_code.nursing)
GROUP BY ALL;

-- Other codes beside an add-on on the same claim and day (M.A.5.3).
CREATE OR REPLACE TABLE beside AS
WITH addon AS (
  SELECT * FROM service WHERE hcpcs IN (SELECT hcpcs FROM primary_care_code WHERE prolonged))
SELECT DISTINCT addon.provider, addon.bene_key, addon.claim_key, addon.line, c.hcpcs
FROM addon JOIN lake_carrier AS c USING (bene_key, claim_key)
WHERE addon.provider = 'line' AND c.last_date = addon.day
  AND denial NOT IN (SELECT code FROM rule_code WHERE key = 'spend.denied.carrier')
  AND processing IN (SELECT code FROM rule_code WHERE key = 'spend.accepted.processing')
UNION
SELECT addon.provider, addon.bene_key, addon.claim_key, addon.line, l.hcpcs
FROM addon JOIN outpatient_line AS l USING (bene_key, claim_key)
WHERE addon.provider IN ('cah', 'eta') AND l.day = addon.day;

-- Whether a base code is on the list: always, in windows that touch the emergency, or after it on that day.
CREATE OR REPLACE TABLE base AS
SELECT performance_year, provider, bene_key, claim_key, line, bool_or(listed) AS listed, bool_or(emergency) AS emergency,
  bool_or(after_emergency) AS after_emergency
FROM beside JOIN primary_care_code USING (hcpcs) WHERE NOT prolonged AND (listed OR emergency OR after_emergency) GROUP BY ALL;

-- Services by performance year: whose they are and which of the conditions of M.A.5 they meet; the windows come next.
CREATE OR REPLACE TABLE dated_service AS
SELECT y.performance_year, s.bene_key, s.day, s.known_on, s.cents,
  CASE WHEN s.provider = 'clinic' THEN 'clinic' ELSE c.class END AS class, owner.acos,
  coalesce(owner.acos[1], s.biller) AS entity, owner.acos IS NOT NULL AS is_aco, coalesce(len(owner.acos) > 1, false) AS shared,
  s.provider = 'clinic' OR p.listed AS listed,
  coalesce(p.emergency, false) AS emergency,
  coalesce(p.after_emergency, false) AND is_after AS after_emergency,
  NOT coalesce(p.prolonged, false) OR coalesce(base.listed OR base.after_emergency AND is_after, false) AS has_base,
  coalesce(base.emergency, false) AS has_emergency_base,
  CASE WHEN s.provider = 'clinic' THEN y.nursing_at_clinics ELSE p.nursing AND y.nursing_by_stay END AS nursing_excluded,
  d.nursing_known_on,
  coalesce(p.not_inpatient, false) AS inpatient_excluded, d.inpatient_known_on
FROM (SELECT *, day > emergency_ends_on AND day <= payable_through AS is_after FROM service CROSS JOIN year_rule) AS s
  JOIN year_rule AS y USING (performance_year)
  LEFT JOIN primary_care_code AS p ON p.performance_year = y.performance_year AND p.hcpcs = s.hcpcs
  LEFT JOIN clinician AS c ON c.performance_year = y.performance_year AND c.specialty = s.specialty
  LEFT JOIN owner ON owner.performance_year = y.performance_year AND owner.kind = s.kind AND owner.biller = s.biller
  LEFT JOIN during_stay AS d ON d.provider = s.provider AND d.bene_key = s.bene_key AND d.claim_key = s.claim_key AND d.line = s.line
  LEFT JOIN base ON p.prolonged AND base.performance_year = y.performance_year AND base.provider = s.provider
    AND base.bene_key = s.bene_key AND base.claim_key = s.claim_key AND base.line = s.line
WHERE s.provider = 'clinic' OR (
  p.hcpcs IS NOT NULL
  AND (s.provider = 'eta' OR NOT p.only_eta)
  AND (s.provider <> 'eta' OR s.biller IN (SELECT ccn FROM csv_eta_hospital WHERE performance_year::INT = y.performance_year))
  AND NOT (p.nursing AND NOT y.nursing_by_stay AND list_contains(coalesce(y.nursing_places, []), s.place))
  AND NOT (p.home AND len(coalesce(y.home_places, [])) > 0 AND NOT list_contains(y.home_places, s.place)));

-- Services in the windows that hold them and know them. Plain: the twelve months; `wide`: the expanded window.
CREATE OR REPLACE TEMP VIEW counted AS
  SELECT s.performance_year, w.calendar_year, w.method, s.bene_key, s.entity, s.is_aco, s.shared, s.acos, s.class, s.day, s.cents, w.has_step_3,
    w.in_window AND (s.has_base OR w.emergency_counts)
      AND (s.listed OR s.after_emergency OR s.emergency AND w.emergency_counts) AS in_window,
    s.listed OR s.after_emergency OR s.emergency AND w.expanded_emergency_counts AS in_wide
  FROM dated_service AS s JOIN window_day AS w ON w.performance_year = s.performance_year AND w.day = s.day
  WHERE s.known_on <= w.known_by AND (s.has_base OR s.has_emergency_base AND w.expanded_emergency_counts)
    AND NOT (s.nursing_excluded AND coalesce(s.nursing_known_on <= w.known_by, false))
    AND NOT (s.inpatient_excluded AND coalesce(s.inpatient_known_on <= w.known_by, false));

-- Sums by window and entity (M.A.6).
CREATE OR REPLACE TABLE standing AS
SELECT performance_year, calendar_year, method, bene_key, entity, is_aco, shared,
  any_value(has_step_3) AS has_step_3,
  coalesce(bool_or(class <> 'listed') FILTER (in_window), false) AS primary_served,
  coalesce(bool_or(class = 'listed') FILTER (in_window), false) AS listed_served,
  coalesce(bool_or(class = 'practitioner') FILTER (in_window), false) AS practitioner_served,
  coalesce(bool_or(class <> 'practitioner') FILTER (in_window), false) AS physician_served,
  coalesce(bool_or(class <> 'practitioner') FILTER (in_wide), false) AS wide_physician_served,
  coalesce(bool_or(in_wide), false) AS wide_served,
  sum(cents) FILTER (in_window AND class <> 'listed') AS primary_cents,
  sum(cents) FILTER (in_window AND class = 'listed') AS listed_cents,
  sum(cents) FILTER (in_wide) AS wide_cents,
  max(day) FILTER (in_window AND class <> 'listed') AS primary_last_on,
  max(day) FILTER (in_window AND class = 'listed') AS listed_last_on,
  max(day) FILTER (in_wide AND class <> 'listed') AS wide_primary_last_on,
  max(day) FILTER (in_wide AND class = 'listed') AS wide_listed_last_on
FROM counted WHERE class IS NOT NULL GROUP BY ALL;

-- Assignable: served by a physician in the window, at any provider, shared practices included (M.A.8.2).
CREATE OR REPLACE TABLE assignable AS
SELECT performance_year, calendar_year, method, bene_key FROM standing GROUP BY ALL
HAVING bool_or(physician_served)
  OR bool_or(has_step_3) AND bool_or(practitioner_served) AND bool_or(wide_physician_served);

-- The step that a life is in, and who takes part in it (M.A.6.1 to 6.4, 6.8).
CREATE OR REPLACE TABLE contender AS
WITH step AS (
  SELECT performance_year, calendar_year, method, bene_key, CASE
      WHEN bool_or(is_aco AND physician_served) THEN CASE WHEN bool_or(primary_served) THEN 1 ELSE 2 END
      WHEN bool_or(has_step_3) THEN 3 END AS step
  FROM standing WHERE NOT shared GROUP BY ALL),
entrant AS (
  SELECT *, CASE step WHEN 1 THEN primary_served WHEN 2 THEN listed_served ELSE wide_served END AS takes_part,
    CASE step WHEN 1 THEN primary_cents WHEN 2 THEN listed_cents ELSE wide_cents END AS cents,
    coalesce(CASE WHEN step = 3 THEN wide_primary_last_on ELSE primary_last_on END, DATE '0001-01-01') AS primary_on,
    coalesce(CASE WHEN step = 3 THEN wide_listed_last_on ELSE listed_last_on END, DATE '0001-01-01') AS listed_on,
    is_aco AND CASE WHEN step = 3 THEN practitioner_served AND wide_physician_served ELSE physician_served END AS may_win
  FROM standing JOIN step USING (performance_year, calendar_year, method, bene_key)
  WHERE NOT shared AND step IS NOT NULL)
SELECT performance_year, calendar_year, method, bene_key, entity, step, cents, primary_on, listed_on, may_win,
  max(cents) OVER life AS top_cents
FROM entrant WHERE takes_part WINDOW life AS (PARTITION BY performance_year, calendar_year, method, bene_key);

-- The winner among those with the greatest sum: latest primary care, then latest specialist, then the draw (M.A.6.6).
CREATE OR REPLACE TABLE winner AS
WITH top AS (
  SELECT *, count(*) OVER life AS tied, max(primary_on) OVER life AS latest_primary_on
  FROM contender WHERE cents = top_cents AND cents > 0
  WINDOW life AS (PARTITION BY performance_year, calendar_year, method, bene_key)),
by_primary AS (
  SELECT *, count(*) OVER life AS tied_by_primary, max(listed_on) OVER life AS latest_listed_on
  FROM top WHERE primary_on = latest_primary_on
  WINDOW life AS (PARTITION BY performance_year, calendar_year, method, bene_key)),
by_listed AS (
  SELECT *, count(*) OVER life AS tied_by_listed
  FROM by_primary WHERE listed_on = latest_listed_on
  WINDOW life AS (PARTITION BY performance_year, calendar_year, method, bene_key)),
drawn AS (
  SELECT b.*, CASE WHEN tied_by_listed > 1 THEN sha256(concat_ws('|', setting('seed'), performance_year, calendar_year, bene_id, entity))[:16]
    END AS lot
  FROM by_listed AS b JOIN lake_bene USING (bene_key))
SELECT performance_year, calendar_year, method, bene_key, entity, step, cents, may_win,
  CASE WHEN tied = 1 THEN NULL WHEN tied_by_primary = 1 THEN 'primary' WHEN tied_by_listed = 1 THEN 'specialist' ELSE 'random' END AS tie
FROM drawn
QUALIFY row_number() OVER (PARTITION BY performance_year, calendar_year, method, bene_key ORDER BY lot) = 1;

CREATE OR REPLACE TABLE claims_winner AS
SELECT w.performance_year, w.calendar_year, w.method, w.bene_key, w.entity AS aco_id, w.step, w.cents AS winner_cents,
  r.entity AS runner_up, r.cents AS runner_up_cents, w.tie
FROM (FROM winner WHERE may_win) AS w
  LEFT JOIN (
    SELECT c.*, row_number() OVER (PARTITION BY c.performance_year, c.calendar_year, c.method, c.bene_key
                                   ORDER BY c.cents DESC, c.entity) AS place
    FROM contender AS c ANTI JOIN winner USING (performance_year, calendar_year, method, bene_key, entity)) AS r
  ON r.performance_year = w.performance_year AND r.calendar_year = w.calendar_year AND r.method = w.method
     AND r.bene_key = w.bene_key AND r.place = 1;

-- Who is out for which ACO: other initiatives (M.A.1.3) …
CREATE OR REPLACE TABLE aligned_elsewhere AS
SELECT DISTINCT performance_year, pair.calendar_year, aco_id, bene_key
FROM csv_other_initiative AS o JOIN lake_bene USING (bene_id)
  JOIN list_year AS pair ON pair.calendar_year = o.calendar_year::INT
  JOIN aco USING (performance_year)
WHERE pair.calendar_year = performance_year OR o.decided_on IS NULL OR o.decided_on::DATE < agreement_start;

-- … and designations in force on the cut-off day (M.A.3): the latest made by then, unless it has ended.
CREATE OR REPLACE TABLE designation AS
WITH latest AS (
  SELECT cutoff_on, bene_key, designee_tin, ended_on::DATE AS ended_on
  FROM csv_voluntary_alignment JOIN lake_bene USING (bene_id), (SELECT DISTINCT cutoff_on FROM cutoff)
  WHERE designated_on::DATE <= cutoff_on
  QUALIFY row_number() OVER (PARTITION BY cutoff_on, bene_key ORDER BY designated_on::DATE DESC, rowid DESC) = 1)
SELECT cutoff.performance_year, calendar_year, aco_id, bene_key,
  coalesce(acos = [aco_id], false) AS aligned, NOT coalesce(list_contains(acos, aco_id), false) AS blocked
FROM latest JOIN cutoff USING (cutoff_on)
  LEFT JOIN tin_owner AS owner ON owner.performance_year = cutoff.performance_year AND owner.biller = designee_tin
WHERE coalesce(ended_on >= cutoff_on, true);

-- Lists in their order of precedence (M.A.2.4): voluntary, prospective, retrospective.
CREATE OR REPLACE TABLE listed AS
WITH year_end AS (SELECT calendar_year, bene_key FROM eligible WHERE method = 'retrospective'),
by_claims AS (
  SELECT w.*, CASE w.method WHEN 'prospective' THEN 2 ELSE 3 END AS precedence
  FROM claims_winner AS w JOIN aco USING (performance_year, aco_id, method)
    JOIN eligible USING (calendar_year, method, bene_key)
    LEFT JOIN designation USING (performance_year, calendar_year, aco_id, bene_key)
  WHERE NOT coalesce(blocked, false)
    AND (w.method = 'retrospective' OR (calendar_year, bene_key) IN (FROM year_end))
    AND (performance_year, calendar_year, aco_id, bene_key) NOT IN (FROM aligned_elsewhere)),
by_designation AS (
  SELECT performance_year, calendar_year, aco_id, bene_key, method
  FROM designation JOIN aco USING (performance_year, aco_id) JOIN eligible USING (calendar_year, method, bene_key)
  WHERE aligned AND (calendar_year, bene_key) IN (FROM year_end)
    AND (performance_year, calendar_year, aco_id, bene_key) NOT IN (FROM aligned_elsewhere))
SELECT performance_year, calendar_year, bene_key, aco_id, method, step, winner_cents, runner_up, runner_up_cents, tie,
  'claims' AS basis, precedence
FROM by_claims
UNION ALL
SELECT performance_year, calendar_year, bene_key, aco_id, v.method, step, winner_cents, runner_up, runner_up_cents, tie,
  CASE WHEN c.step IS NULL THEN 'voluntary' ELSE 'both' END, 1
FROM by_designation AS v LEFT JOIN by_claims AS c USING (performance_year, calendar_year, aco_id, bene_key);

-- The county of the last month with both parts and outside plans (M.D.1.2).
CREATE OR REPLACE TABLE year_county AS
SELECT bene_key, year AS calendar_year, arg_max(coalesce(county, 'unknown'), begins_on) AS county
FROM month WHERE both_parts AND NOT in_plan GROUP BY ALL;

CREATE OR REPLACE TABLE placed AS
FROM listed QUALIFY row_number() OVER (PARTITION BY performance_year, calendar_year, bene_key ORDER BY precedence) = 1;

-- Continuously assigned: there the year before, or served by any participant in the window of the year before (M.A.8.1).
CREATE OR REPLACE TABLE continuing AS
SELECT p.performance_year, p.calendar_year, p.bene_key
FROM placed AS p JOIN placed AS before ON before.performance_year = p.performance_year AND before.calendar_year = p.calendar_year - 1
  AND before.bene_key = p.bene_key AND before.aco_id = p.aco_id
UNION
SELECT p.performance_year, p.calendar_year, p.bene_key
FROM placed AS p JOIN cohort_aco AS a USING (performance_year, aco_id)
  JOIN counted AS s ON s.performance_year = p.performance_year AND s.calendar_year = p.calendar_year - 1 AND s.bene_key = p.bene_key
    AND s.method = a.method AND s.in_window AND list_contains(s.acos, p.aco_id);

INSERT INTO assignment
SELECT performance_year, calendar_year, bene_id, aco_id, basis, p.method AS "window", step, county, winner_cents, runner_up,
  runner_up_cents, tie,
  CASE WHEN (performance_year, aco_id) NOT IN (SELECT (performance_year, aco_id) FROM cohort_aco) THEN 'all'
       WHEN (performance_year, calendar_year, bene_key) IN (SELECT (performance_year, calendar_year, bene_key) FROM continuing)
       THEN 'continuously' ELSE 'newly' END AS cohort
FROM placed AS p SEMI JOIN (FROM list_year WHERE kept) USING (performance_year, calendar_year)
  JOIN lake_bene USING (bene_key) LEFT JOIN year_county USING (bene_key, calendar_year);
