//! What things are: values, tables, raw layouts, rules. No engine, no I/O.
//!
//! Everything that two stages share stands here, once: the typed values ([`values`]), every table that crosses a
//! boundary ([`program`], [`rates`], [`cells`], [`outputs`], [`lake`]), the study file ([`study`]), the law as data
//! ([`rules`]) and the list of stages ([`stages`]). A table is declared once with the `table!` macro; reading, writing,
//! Parquet schemas and the reference pages all follow from that declaration.

#[macro_use]
pub mod table;
pub mod cclf;
pub mod cells;
pub mod keys;
pub mod lake;
pub mod limits;
pub mod outputs;
pub mod program;
pub mod rates;
pub mod raw;
pub mod reference;
pub mod rules;
pub mod shown;
pub mod spreadsheet;
pub mod stages;
pub mod study;
pub mod values;
