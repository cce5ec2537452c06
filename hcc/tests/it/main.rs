//! The models against scores of independent scorers, the errors that others made, and properties.
#![expect(clippy::unwrap_used, reason = "tests")]

mod errors;
mod months;
mod people;
mod properties;
mod reference;
mod vectors;
