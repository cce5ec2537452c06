//! Raw claims to lake columns: delimited text and Parquet, typed, validated, sorted by life.
