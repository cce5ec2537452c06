//! Invented deliveries.
