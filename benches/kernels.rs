//! The kernels of the person grain, each with the tables that it reads and no others: rows a second on one thread.
//! `make bench-kernels`, or `cargo bench -p acoledger --bench kernels -- NAME`.

use acoledger::kernels::Held;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

/// Lives at a time; rows of those who come, go and have plans are beside them.
const LIVES: u32 = 4_000;
const YEAR: i32 = 2024;

fn kernels(criterion: &mut Criterion) {
    let held = Held::new(LIVES, YEAR).expect("a nation");
    let alone = |table: &'static str| move |of: &str| matches!(of, "bene" | "enrollment") || of == table;
    let mut group = criterion.benchmark_group("persons");
    group.sample_size(20);
    let parts = [
        ("enrollment", "enrollment and person years without claims"),
        ("carrier", "carrier lines: services, spending, assignment"),
        ("dme", "DME lines"),
        ("facility", "facility claims: stays, spending, diagnoses"),
        ("revenue", "revenue center lines"),
    ];
    for (table, what) in parts {
        let wanted = alone(table);
        group.throughput(Throughput::Elements(held.rows(wanted)));
        group.bench_function(what, |bencher| bencher.iter(|| black_box(held.persons(wanted).expect("a walk"))));
    }
    group.throughput(Throughput::Elements(held.rows(|_| true)));
    group.bench_function("all tables", |bencher| bencher.iter(|| black_box(held.persons(|_| true).expect("a walk"))));
    group.finish();
    let mut group = criterion.benchmark_group("cells");
    group.throughput(Throughput::Elements(held.person_years()));
    group.bench_function("thresholds", |bencher| bencher.iter(|| black_box(held.select().expect("person years"))));
    group.bench_function("sums", |bencher| bencher.iter(|| black_box(held.sums().expect("person years"))));
    group.finish();
}

criterion_group!(benches, kernels);
criterion_main!(benches);
