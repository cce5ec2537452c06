//! The program as its users meet it: whole commands, their exit status, what they print, what they write.
#![expect(clippy::unwrap_used, reason = "tests")]

mod assignment_list;
mod bad_input;
mod batch;
mod cluster;
mod command;
mod compare;
mod demo;
mod disk;
mod docs;
mod explain;
mod feed;
mod fuzz;
mod help;
mod hostile;
mod measure;
mod privacy;
mod quality;
mod rates_door;
mod replay;
mod report;
mod resume;
mod rif_sample;
mod risk;
mod rules;
mod scenario;
mod score;
mod synth;
mod tieout;
mod workbook;
mod worked_panel;
mod worlds;
