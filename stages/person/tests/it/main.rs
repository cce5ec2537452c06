//! Person grain against worlds with known answers, and against itself.

mod assignment;
mod care;
mod derived;
mod explain;
mod improper;
mod lake;
mod naive;
mod partial;
mod properties;
mod reforms;
mod scored;
mod seldom;
mod small;
mod spend;
mod tallies;
mod walk;
mod world;
mod worlds;
