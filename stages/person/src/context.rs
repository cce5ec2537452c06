//! Everything a kernel must know, compiled once from rules, program files and the study's facts.

use crate::needs::Needs;
use acoledger_schemas::program::Program;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::study::{CountyCodes, Maturity, Study};
use acoledger_schemas::table::Problems;
use arrow_schema::SchemaRef;

/// The facts of a study that person grain needs.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Performance years.
    pub performance_years: Vec<i32>,
    /// Seed of random ties.
    pub seed: u64,
    /// System of the county key.
    pub county_codes: CountyCodes,
    /// How complete the claims are.
    pub maturity: Maturity,
}

impl Facts {
    /// The facts of a study file.
    ///
    /// # Errors
    /// When its maturity does not read.
    pub fn of(study: &Study) -> Result<Facts, String> {
        Ok(Facts {
            performance_years: study.study.performance_years.clone(),
            seed: study.study.seed,
            county_codes: study.input.county_codes,
            maturity: study.maturity()?,
        })
    }
}

/// Everything that the kernels read beside claims: shared by all shards, never changed.
pub struct Context {
    needs: Needs,
    assignment: SchemaRef,
    person_year: SchemaRef,
}

impl Context {
    /// Compiles rules and program files for a study.
    ///
    /// # Errors
    /// A rule without a value, a program file that a rule in force needs and that is absent, a performance year without ACOs.
    pub fn new(_rules: &Rules, _program: &Program, _facts: &Facts) -> Result<Context, Problems> {
        Err(Problems::default())
    }

    /// What the study needs of the lake.
    pub fn needs(&self) -> &Needs {
        &self.needs
    }

    /// Schema of the `assignment` batches: the table's columns.
    pub fn assignment_schema(&self) -> SchemaRef {
        self.assignment.clone()
    }

    /// Schema of the `person_year` batches: the table's columns, then internal ones that pass B reads.
    pub fn person_year_schema(&self) -> SchemaRef {
        self.person_year.clone()
    }
}
