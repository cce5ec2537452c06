//! `acoledger scenario`: reforms from file to tables.
