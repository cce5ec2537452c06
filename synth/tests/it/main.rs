//! The synthetic nation: its figures, its files, its planted cases, and the page that says which rule is held by what.

mod assignment_page;
mod held;
mod nation;
mod planted;
mod rules_of_assignment;
