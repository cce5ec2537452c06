//! Comparisons that decide a branch.
//!
//! The law compares exact numbers; ours carry the last bits of floats. Where two numbers are equal by law (a market share of 1
//! makes the regional cap the growth itself; every type at its cap makes two adjustments the same), those bits must not
//! decide. M.F.1.6 says the same of dollars.

/// Dollars per person year that float arithmetic may be off by.
pub(crate) const DOLLARS: f64 = 1e-7;
/// Ratios likewise.
pub(crate) const RATIOS: f64 = 1e-12;

/// Whether `a` is greater than `b`, and not by noise alone.
pub(crate) fn exceeds(a: f64, b: f64, noise: f64) -> bool {
    a - b > noise
}
