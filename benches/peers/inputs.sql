-- Who competes, over which windows, with which code lists: small tables from the program files and the rules (M.A.2, M.A.4, M.A.5).
-- Given: `csv_<file>` (text columns), `setting` (key, value of the study file), `rule` (key, begins, ends, value as JSON) and
-- `rule_code` (key, begins, ends, code: lists and ranges written out). No policy number is typed here.

CREATE OR REPLACE MACRO rule_value(name, day) AS
  (SELECT any_value(value) FROM rule WHERE rule.key = name AND day BETWEEN rule.begins AND rule.ends);
CREATE OR REPLACE MACRO rule_number(name, day) AS rule_value(name, day)::INT;
CREATE OR REPLACE MACRO rule_text(name, day) AS rule_value(name, day) ->> '$';
CREATE OR REPLACE MACRO setting(name) AS (SELECT any_value(value) FROM setting WHERE setting.key = name);
CREATE OR REPLACE MACRO new_year(year) AS make_date(year::INT, 1, 1);
CREATE OR REPLACE MACRO month_start(day) AS date_trunc('month', day)::DATE;
CREATE OR REPLACE MACRO cents(dollars) AS round(dollars::DECIMAL(18, 4) * 100)::BIGINT;

CREATE OR REPLACE TABLE aco_period AS
SELECT performance_year::INT AS performance_year, period, aco_id, agreement_start::DATE AS agreement_start,
       assignment_method AS method
FROM csv_aco WHERE performance_year::INT IN (SELECT unnest(getvariable('performance_years')));

CREATE OR REPLACE TABLE aco AS
SELECT performance_year, aco_id, arg_max(agreement_start, period) AS agreement_start, arg_max(method, period) AS method
FROM aco_period GROUP BY ALL;

-- An ACO's own years: the benchmark years before its agreement and the performance year (M.0.7).
CREATE OR REPLACE TABLE own_year AS
SELECT DISTINCT performance_year, period, aco_id, unnest(list_append(
    range(year(agreement_start)::INT - rule_number('assign.benchmark_years', agreement_start), year(agreement_start)::INT),
    performance_year::BIGINT))::INT AS calendar_year
FROM aco_period;

-- Agreements from before July 2019 keep newly and continuously assigned apart (M.A.8.1, M.C.5), which asks for the list of the year before.
CREATE OR REPLACE TABLE cohort_aco AS
SELECT performance_year, aco_id, method FROM aco WHERE rule_text('cells.cohorts', agreement_start) = 'apart';

-- The lists to make; those that are not `kept` serve the year after them only.
CREATE OR REPLACE TABLE list_year AS
SELECT performance_year, calendar_year, bool_or(kept) AS kept
FROM (SELECT performance_year, calendar_year, true AS kept FROM own_year
      UNION ALL SELECT performance_year, calendar_year - 1, false FROM own_year SEMI JOIN cohort_aco USING (performance_year))
GROUP BY ALL;

-- Both windows of each (performance year, calendar year) that anyone needs, with what was known when its list was made
-- (M.A.2, M.A.2.5) and with the expanded window of step 3 (M.A.6.4), which is the window itself where there is none.
CREATE OR REPLACE TABLE assignment_window AS
WITH pair AS (SELECT performance_year, calendar_year, new_year(performance_year) AS dated FROM list_year),
method AS (
  SELECT pair.*, 'retrospective' AS method, new_year(calendar_year) AS first_day, make_date(calendar_year, 12, 31) AS last_day,
    CASE setting('maturity') WHEN 'mature' THEN DATE '9999-12-31'
      ELSE last_day(make_date(calendar_year, 12, 1)
                    + to_months(rule_number('spend.run_out.months', new_year(calendar_year)))) END AS known_by
  FROM pair
  UNION ALL
  SELECT pair.*, 'prospective',
    (new_year(calendar_year) + to_months((rule_value('assign.window.prospective', dated) -> '$[0]')::INT))::DATE,
    last_day(new_year(calendar_year) + to_months((rule_value('assign.window.prospective', dated) -> '$[1]')::INT)),
    new_year(calendar_year) - 1
  FROM pair
  WHERE performance_year IN (SELECT performance_year FROM aco WHERE aco.method = 'prospective')),
expanded AS (
  SELECT *, rule_number('assign.window.expanded', dated) > 0 AS has_step_3,
    CASE WHEN rule_number('assign.window.expanded', dated) > 0
      THEN (month_start(last_day) - to_months(rule_number('assign.window.expanded', dated) - 1))::DATE
      ELSE first_day END AS expanded_first_day
  FROM method),
emergency AS (
  SELECT month_start((value ->> '$[0]')::DATE) AS first_day, last_day((value ->> '$[1]')::DATE) AS last_day
  FROM rule WHERE key = 'primary_care.emergency.period')
SELECT expanded.* EXCLUDE (dated),
  expanded.first_day <= emergency.last_day AND expanded.last_day >= emergency.first_day AS touches_emergency,
  expanded.expanded_first_day <= emergency.last_day AND expanded.last_day >= emergency.first_day AS expanded_touches_emergency
FROM expanded, emergency;

-- Every day of every window.
CREATE OR REPLACE TABLE window_day AS
SELECT * EXCLUDE (touches_emergency, expanded_touches_emergency), day >= first_day AS in_window,
       CASE WHEN day >= first_day THEN touches_emergency ELSE false END AS emergency_counts,
       expanded_touches_emergency AS expanded_emergency_counts
FROM (SELECT *, unnest(range(expanded_first_day::TIMESTAMP, last_day + INTERVAL 1 DAY, INTERVAL 1 DAY))::DATE AS day
      FROM assignment_window);

-- Participants. A practice in two ACOs is nobody's in assignment (M.A.6.7), and revenue of both.
CREATE OR REPLACE TABLE tin_owner AS
SELECT performance_year::INT AS performance_year, tin AS biller, list(DISTINCT aco_id ORDER BY aco_id) AS acos
FROM csv_participant GROUP BY ALL;

-- Facilities by M.A.7.3: the latest enrollment before the year (ended ones as the rule says), else the first one within it,
-- which counts for a retrospective ACO. Its practice decides whether it is shared.
CREATE OR REPLACE TABLE ccn_owner AS
WITH enrollment AS (
  SELECT performance_year::INT AS performance_year, aco_id, tin, ccn,
    coalesce(enrolled_on::DATE, DATE '0001-01-01') AS enrolled_on, coalesce(ended_on::DATE, DATE '9999-12-31') AS ended_on,
    new_year(performance_year::INT) AS starts_on
  FROM csv_participant_ccn WHERE performance_year::INT IN (SELECT unnest(getvariable('performance_years')))),
ranked AS (
  SELECT *, enrolled_on < starts_on AS before,
    dense_rank() OVER (PARTITION BY performance_year, ccn ORDER BY enrolled_on < starts_on DESC,
      CASE WHEN enrolled_on < starts_on THEN -epoch(enrolled_on) ELSE epoch(enrolled_on) END) AS place
  FROM enrollment
  WHERE year(enrolled_on) <= performance_year
    AND (enrolled_on >= starts_on OR ended_on >= starts_on OR rule_value('assign.ccn.ended', starts_on)::BOOLEAN)),
chosen AS (
  SELECT performance_year, ccn, aco_id, tin FROM ranked JOIN aco USING (performance_year, aco_id)
  WHERE place = 1 AND (before OR method = 'retrospective'))
SELECT chosen.performance_year, ccn AS biller, list_sort(list_distinct(flatten(list(coalesce(tin_owner.acos, [aco_id]))))) AS acos
FROM chosen LEFT JOIN tin_owner ON tin_owner.biller = chosen.tin AND tin_owner.performance_year = chosen.performance_year
GROUP BY ALL;

CREATE OR REPLACE TABLE owner AS
SELECT 'practice' AS kind, * FROM tin_owner UNION ALL SELECT 'facility', * FROM ccn_owner;

-- What each code is in each performance year (M.A.5): one list per performance year, used for its benchmark years too.
CREATE OR REPLACE TABLE primary_care_code AS
WITH py AS (SELECT unnest(getvariable('performance_years')) AS performance_year),
in_force AS (SELECT performance_year, key, code FROM rule_code JOIN py ON new_year(performance_year) BETWEEN begins AND ends),
added AS (SELECT DISTINCT performance_year, code FROM rule_code JOIN py ON begins <= new_year(performance_year)
          WHERE key = 'primary_care.codes.added'),
removed AS (SELECT DISTINCT performance_year, code FROM rule_code JOIN py ON begins <= new_year(performance_year)
            WHERE key = 'primary_care.codes.removed'),
listed AS (FROM added EXCEPT FROM removed),
code AS (
  SELECT performance_year, code FROM listed
  UNION SELECT performance_year, code FROM in_force
  WHERE key IN ('primary_care.emergency.codes', 'primary_care.emergency.after.codes', 'primary_care.snf.codes'))
SELECT performance_year, code AS hcpcs,
  (performance_year, code) IN (FROM listed) AS listed,
  bool_or(key = 'primary_care.eta.codes') IS TRUE AS only_eta,
  bool_or(key = 'primary_care.snf.codes') IS TRUE AS nursing,
  bool_or(key = 'primary_care.home.codes') IS TRUE AS home,
  bool_or(key = 'primary_care.inpatient.codes') IS TRUE AS not_inpatient,
  bool_or(key = 'primary_care.prolonged.codes') IS TRUE AS prolonged,
  bool_or(key = 'primary_care.emergency.codes') IS TRUE AS emergency,
  bool_or(key = 'primary_care.emergency.after.codes') IS TRUE AS after_emergency
FROM code LEFT JOIN in_force USING (performance_year, code) GROUP BY ALL;

CREATE OR REPLACE TABLE year_rule AS
SELECT performance_year,
  rule_text('primary_care.snf.found_by', new_year(performance_year)) = 'stay' AS nursing_by_stay,
  rule_value('primary_care.snf.clinics', new_year(performance_year))::BOOLEAN AS nursing_at_clinics,
  (SELECT list(code) FROM rule_code WHERE key = 'primary_care.snf.places'
     AND new_year(performance_year) BETWEEN begins AND ends) AS nursing_places,
  (SELECT list(code) FROM rule_code WHERE key = 'primary_care.home.places'
     AND new_year(performance_year) BETWEEN begins AND ends) AS home_places,
  (SELECT (value ->> '$[1]')::DATE FROM rule WHERE key = 'primary_care.emergency.period') AS emergency_ends_on,
  (rule_value('primary_care.emergency.after', new_year(performance_year)) ->> '$.through')::DATE AS payable_through
FROM (SELECT unnest(getvariable('performance_years')) AS performance_year);

-- Whose services count (M.A.4).
CREATE OR REPLACE TABLE clinician AS
SELECT DISTINCT performance_year, code AS specialty, CASE key
    WHEN 'assign.specialty.primary_care' THEN 'primary' WHEN 'assign.specialty.listed' THEN 'listed' ELSE 'practitioner' END AS class
FROM rule_code JOIN (SELECT unnest(getvariable('performance_years')) AS performance_year)
  ON new_year(performance_year) BETWEEN begins AND ends
WHERE key IN ('assign.specialty.primary_care', 'assign.specialty.listed', 'assign.specialty.practitioner');

-- The cut-off of designations, by ACO: the first performance year of some agreements has its own (M.A.3.4).
CREATE OR REPLACE TABLE cutoff AS
SELECT aco.performance_year, calendar_year, aco_id, CASE
    WHEN calendar_year = aco.performance_year AND year(agreement_start) = calendar_year
      AND rule_text('assign.voluntary.cutoff_of_first_year', agreement_start) <> ''
    THEN rule_text('assign.voluntary.cutoff_of_first_year', agreement_start)::DATE
    ELSE make_date(calendar_year - 1, (rule_value('assign.voluntary.cutoff', new_year(calendar_year)) -> '$.month')::INT,
                   (rule_value('assign.voluntary.cutoff', new_year(calendar_year)) -> '$.day')::INT) END AS cutoff_on
FROM aco JOIN list_year USING (performance_year)
WHERE calendar_year >= rule_number('assign.voluntary.first_year', new_year(calendar_year));
