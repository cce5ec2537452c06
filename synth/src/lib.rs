//! A synthetic Medicare nation: people, practices, claims, and the answer key of planted cases.
