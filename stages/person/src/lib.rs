//! Person grain: enrollment, assignment, spending, risk and cells, one life at a time.
