//! Person grain against worlds with known answers, and against itself.

mod lake;
mod walk;
mod world;
mod worlds;
