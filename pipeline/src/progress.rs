//! Progress on a terminal: stage, shards or bytes done, rows per second, time left. Nothing where standard error is no terminal.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::Instant;

/// All bars of the process, so that log lines can be written above them. Indicatif draws on terminals only.
static BARS: LazyLock<MultiProgress> =
    LazyLock::new(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(8)));

/// Runs `write` with the bars out of the way.
pub(crate) fn above_bars(write: impl FnOnce()) {
    BARS.suspend(write);
}

/// The progress of one stage. Shared by threads.
pub(crate) struct Progress {
    bar: ProgressBar,
    rows: AtomicU64,
    started: Instant,
}

impl Progress {
    /// Begins a stage of `steps` steps (shards, files), named by `unit`.
    pub(crate) fn begin(stage: &str, steps: u64, unit: &str) -> Progress {
        let bar = BARS.add(ProgressBar::new(steps));
        let template =
            format!("{{prefix:>10}} {{bar:24}} {{pos}}/{{len}} {unit}  {{msg}}  {{elapsed}} gone, {{eta}} left");
        bar.set_style(ProgressStyle::with_template(&template).expect("the template is sound"));
        bar.set_prefix(stage.to_owned());
        Progress { bar, rows: AtomicU64::new(0), started: Instant::now() }
    }

    /// Counts a finished step and the rows that it took.
    pub(crate) fn step(&self, rows: u64) {
        let rows = self.rows.fetch_add(rows, Ordering::Relaxed) + rows;
        self.bar.set_message(per_second(rows, self.started));
        self.bar.inc(1);
    }

    /// Says where a stage stands that counts by itself: its length, what is done, and rows since the last call.
    pub(crate) fn set(&self, length: u64, done: u64, rows: u64) {
        let rows = self.rows.fetch_add(rows, Ordering::Relaxed) + rows;
        self.bar.set_message(per_second(rows, self.started));
        self.bar.set_length(length);
        self.bar.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        BARS.remove(&self.bar);
    }
}

/// The progress of bytes to or from an object store.
#[cfg(feature = "object-store")]
pub(crate) struct ByteProgress(ProgressBar);

#[cfg(feature = "object-store")]
impl ByteProgress {
    /// Begins a transfer of this many bytes.
    pub(crate) fn begin(stage: &str, bytes: u64) -> ByteProgress {
        let bar = BARS.add(ProgressBar::new(bytes));
        let template = "{prefix:>10} {bar:24} {bytes}/{total_bytes}  {bytes_per_sec}  {elapsed} gone, {eta} left";
        bar.set_style(ProgressStyle::with_template(template).expect("the template is sound"));
        bar.set_prefix(stage.to_owned());
        ByteProgress(bar)
    }

    /// Counts bytes that were transferred.
    pub(crate) fn advance(&self, bytes: u64) {
        self.0.inc(bytes);
    }
}

#[cfg(feature = "object-store")]
impl Drop for ByteProgress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
        BARS.remove(&self.0);
    }
}

/// Shows the passes of an ingest, whose lengths are known as they begin.
#[derive(Default)]
pub(crate) struct IngestProgress {
    pass: Mutex<Option<Pass>>,
}

struct Pass {
    bar: ProgressBar,
    rows: u64,
    started: Instant,
}

impl crate::ingest::Progress for IngestProgress {
    fn stage_total(&self, stage: &'static str, total: u64) {
        let bar = BARS.add(ProgressBar::new(total));
        let template = "{prefix:>10} {bar:24} {percent}%  {msg}  {elapsed} gone, {eta} left";
        bar.set_style(ProgressStyle::with_template(template).expect("the template is sound"));
        bar.set_prefix(stage);
        if let Ok(mut pass) = self.pass.lock() {
            end(pass.replace(Pass { bar, rows: 0, started: Instant::now() }));
        }
    }

    fn advance(&self, rows: u64, bytes: u64) {
        if let Ok(mut pass) = self.pass.lock()
            && let Some(pass) = pass.as_mut()
        {
            pass.rows += rows;
            pass.bar.set_message(per_second(pass.rows, pass.started));
            pass.bar.inc(bytes);
        }
    }
}

impl Drop for IngestProgress {
    fn drop(&mut self) {
        if let Ok(mut pass) = self.pass.lock() {
            end(pass.take());
        }
    }
}

fn end(pass: Option<Pass>) {
    if let Some(pass) = pass {
        pass.bar.finish_and_clear();
        BARS.remove(&pass.bar);
    }
}

fn per_second(rows: u64, started: Instant) -> String {
    let seconds = started.elapsed().as_secs_f64().max(1e-3);
    format!("{} rows/s", crate::grid::thousands(&format!("{:.0}", rows as f64 / seconds)))
}
