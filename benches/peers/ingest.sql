-- Raw research files into the columns of the lake (`schemas/src/lake.rs`), by DuckDB. `scripts/ingest-compare.py` gives the views
-- `raw_<table>`: every file of a raw table, dates as DATE, amounts as DECIMAL(18, 2) (text) or DOUBLE (Parquet), the rest as text.
-- Each part is one statement that makes one lake table, ordered as the lake is. What it shares with the program is the layout of the files.
--
-- Claims and lines that come twice are looked for in a pass of their own (`repeated_…`), since nearly none do: a window over all rows is dearer.

CREATE OR REPLACE MACRO cents(dollars) AS CAST(round(dollars * 100) AS BIGINT);
CREATE OR REPLACE MACRO code(text) AS coalesce(text, '');
CREATE OR REPLACE MACRO months(codes, width) AS
  list_aggregate(list_transform(codes, lambda one: rpad(CASE WHEN one IS NULL OR one = 'NA' THEN '' ELSE one END, width, ' ')), 'string_agg', '');
-- Principal first, each once.
CREATE OR REPLACE MACRO diagnoses_2(p, a, b) AS
  concat_ws(' ', p, CASE WHEN a NOT IN (code(p)) THEN a END, CASE WHEN b NOT IN (code(p), code(a)) THEN b END);
CREATE OR REPLACE MACRO diagnoses_4(p, a, b, c, d) AS
  concat_ws(' ', p, CASE WHEN a NOT IN (code(p)) THEN a END, CASE WHEN b NOT IN (code(p), code(a)) THEN b END,
    CASE WHEN c NOT IN (code(p), code(a), code(b)) THEN c END, CASE WHEN d NOT IN (code(p), code(a), code(b), code(c)) THEN d END);

--! bene
SELECT hash(bene_id) AS bene_key, bene_id
FROM (SELECT DISTINCT BENE_ID AS bene_id FROM raw_beneficiary)
ORDER BY bene_key;

--! enrollment
SELECT DISTINCT hash(BENE_ID) AS bene_key, BENE_BIRTH_DT AS birth_date, BENE_DEATH_DT AS death_date, code(SEX_IDENT_CD) AS sex,
  code(ENTLMT_RSN_ORIG) AS original_reason, code(ENTLMT_RSN_CURR) AS current_reason, '' AS state,
  months([{STATE_CNTY_FIPS_CD_}], 5) AS county_fips, repeat(' ', 60) AS county_ssa, months([{MDCR_STATUS_CODE_}], 2) AS status,
  months([{MDCR_ENTLMT_BUYIN_IND_}], 1) AS buyin, months([{HMO_IND_}], 1) AS plan, months([{DUAL_STUS_CD_}], 2) AS dual,
  BENE_ENROLLMT_REF_YR::INT AS year
FROM raw_beneficiary
ORDER BY year, bene_key;

--! carrier
{lines} line_diagnosis: code(LINE_ICD_DGNS_CD), npi: code(PRF_PHYSN_NPI)

--! dme
{lines} line_diagnosis: '', npi: ''

--! facility
SELECT * REPLACE (hash(bene_key) AS bene_key) FROM (
  SELECT DISTINCT BENE_ID AS bene_key, CLM_ID::BIGINT AS claim_key, NULL::VARCHAR AS claim_id, NCH_CLM_TYPE_CD::INT AS claim_type,
    CLM_FROM_DT AS from_date, CLM_THRU_DT AS thru_date, NCH_WKLY_PROC_DT AS proc_date,
    CLM_ADMSN_DT AS admission_date, NCH_BENE_DSCHRG_DT AS discharge_date, code(PTNT_DSCHRG_STUS_CD) AS discharge_status,
    code(PRVDR_NUM) AS ccn, code(CLM_FAC_TYPE_CD) AS facility_type, code(CLM_SRVC_CLSFCTN_TYPE_CD) AS service_class,
    code(CLM_FREQ_CD) AS frequency, code(CLM_MDCR_NON_PMT_RSN_CD) AS nonpayment, code(CLM_DRG_CD) AS drg,
    cents(CLM_PMT_AMT) AS paid_cents, coalesce(cents(NCH_BENE_PTB_DDCTBL_AMT), 0) AS deductible_cents,
    coalesce(cents(NCH_BENE_PTB_COINSRNC_AMT), 0) AS coinsurance_cents, coalesce(cents(IME_OP_CLM_VAL_AMT), 0) AS ime_operating_cents,
    coalesce(cents(CLM_PPS_CPTL_IME_AMT), 0) AS ime_capital_cents, coalesce(cents(DSH_OP_CLM_VAL_AMT), 0) AS dsh_operating_cents,
    coalesce(cents(CLM_PPS_CPTL_DSPRPRTNT_SHR_AMT), 0) AS dsh_capital_cents,
    coalesce(cents(CLM_UNCOMPD_CARE_PMT_AMT), 0) AS uncompensated_cents, code(AT_PHYSN_NPI) AS attending_npi,
    code(OP_PHYSN_NPI) AS operating_npi, code(OT_PHYSN_NPI) AS other_npi, '' AS rendering_npi,
    diagnoses_4(PRNCPAL_DGNS_CD, ICD_DGNS_CD1, ICD_DGNS_CD2, ICD_DGNS_CD3, ICD_DGNS_CD4) AS diagnoses, '' AS disposition,
    NULL::VARCHAR AS control_number, NULL::VARCHAR AS original_control_number, NULL::BIGINT AS sequestration_cents,
    NULL::BIGINT AS reduction_cents, year(CLM_THRU_DT)::INT AS year
  FROM raw_facility)
ORDER BY year, bene_key, claim_key;

--! revenue
WITH repeated AS (
  SELECT BENE_ID AS bene, CLM_ID AS claim, CLM_LINE_NUM AS line FROM raw_outpatient GROUP BY ALL HAVING count(*) > 1),
once AS (
  SELECT * FROM raw_outpatient AS raw ANTI JOIN repeated ON (raw.BENE_ID, raw.CLM_ID, raw.CLM_LINE_NUM) = (repeated.bene, repeated.claim, repeated.line)
  UNION ALL
  SELECT DISTINCT raw.* FROM raw_outpatient AS raw JOIN repeated
    ON (raw.BENE_ID, raw.CLM_ID, raw.CLM_LINE_NUM) = (repeated.bene, repeated.claim, repeated.line))
SELECT hash(BENE_ID) AS bene_key, CLM_ID::BIGINT AS claim_key, CLM_LINE_NUM::INT AS line, code(REV_CNTR) AS center, REV_CNTR_DT AS service_date,
  code(HCPCS_CD) AS hcpcs, '' AS modifier, REV_CNTR_UNIT_CNT::BIGINT AS units, cents(REV_CNTR_PMT_AMT_AMT) AS paid_cents,
  cents(REV_CNTR_CASH_DDCTBL_AMT) AS deductible_cents, cents(REV_CNTR_COINSRNC_WGE_ADJSTD_C) AS coinsurance_cents,
  code(RNDRNG_PHYSN_NPI) AS rendering_npi, year(CLM_THRU_DT)::INT AS year
FROM once
ORDER BY year, bene_key, claim_key, line;

--! lines
-- Of a line that comes twice the one processed last stands.
WITH repeated AS (
  SELECT BENE_ID AS bene, CLM_ID AS claim, LINE_NUM AS line, max(NCH_WKLY_PROC_DT) AS newest FROM raw_{table}
  GROUP BY ALL HAVING count(*) > 1),
once AS (
  SELECT * FROM raw_{table} AS raw ANTI JOIN repeated ON (raw.BENE_ID, raw.CLM_ID, raw.LINE_NUM) = (repeated.bene, repeated.claim, repeated.line)
  UNION ALL
  SELECT DISTINCT raw.* FROM raw_{table} AS raw JOIN repeated
    ON (raw.BENE_ID, raw.CLM_ID, raw.LINE_NUM, raw.NCH_WKLY_PROC_DT) = (repeated.bene, repeated.claim, repeated.line, repeated.newest))
SELECT hash(BENE_ID) AS bene_key, CLM_ID::BIGINT AS claim_key, NULL::VARCHAR AS claim_id, LINE_NUM::INT AS line, NCH_CLM_TYPE_CD::INT AS claim_type,
  CLM_FROM_DT AS from_date, CLM_THRU_DT AS thru_date, LINE_1ST_EXPNS_DT AS first_date, LINE_LAST_EXPNS_DT AS last_date,
  NCH_WKLY_PROC_DT AS proc_date, code(CARR_CLM_PMT_DNL_CD) AS denial, code(LINE_PRCSG_IND_CD) AS processing, code(HCPCS_CD) AS hcpcs,
  code(HCPCS_1ST_MDFR_CD) AS modifier, code(PRVDR_SPCLTY) AS specialty, code(LINE_PLACE_OF_SRVC_CD) AS place, code(TAX_NUM) AS tin,
  {npi} AS npi, cents(LINE_NCH_PMT_AMT) AS paid_cents, cents(LINE_ALOWD_CHRG_AMT) AS allowed_cents, {line_diagnosis} AS line_diagnosis,
  diagnoses_2(PRNCPAL_DGNS_CD, ICD_DGNS_CD1, ICD_DGNS_CD2) AS diagnoses, '' AS disposition, NULL::VARCHAR AS control_number,
  NULL::BIGINT AS sequestration_cents, NULL::BIGINT AS reduction_cents, year(LINE_LAST_EXPNS_DT)::INT AS year
FROM once
ORDER BY year, bene_key, claim_key, line;
