//! Progress on a terminal: stage, shards or bytes done, rows per second, time left. Nothing where standard error is no terminal.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, RwLock};
use std::time::Instant;

/// All bars of the process, so that log lines can be written above them. Indicatif draws on terminals only.
static BARS: LazyLock<MultiProgress> =
    LazyLock::new(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(8)));

/// Draws no bars from now on: whoever listens shows progress in a way of their own.
pub(crate) fn hide_bars() {
    BARS.set_draw_target(ProgressDrawTarget::hidden());
}

/// Runs `write` with the bars out of the way.
pub(crate) fn above_bars(write: impl FnOnce()) {
    BARS.suspend(write);
}

/// Where a stage stands, for those who show it elsewhere than on a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// `ingest`, `persons`, `cells`, …
    pub stage: String,
    /// Shards, steps or bytes that are done; `total` when the stage ends well.
    pub done: u64,
    /// Shards, steps or bytes of the stage.
    pub total: u64,
    /// Rows so far.
    pub rows: u64,
}

/// Takes steps; threads call it at once.
pub type Listener = Arc<dyn Fn(&Step) + Send + Sync>;

static LISTENER: RwLock<Option<Listener>> = RwLock::new(None);
/// Milliseconds between two steps of a stage that are told.
const PAUSE: u128 = 200;

/// Steps of all stages go to a listener as long as this lives. One at a time: a second listener hears nothing.
pub(crate) struct Listening(bool);

impl Listening {
    pub(crate) fn to(listener: Listener) -> Listening {
        let mut place = LISTENER.write().unwrap_or_else(PoisonError::into_inner);
        let free = place.is_none();
        if free {
            *place = Some(listener);
        }
        Listening(free)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if self.0 {
            *LISTENER.write().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}

/// What a stage tells: its beginning, now and then where it stands, its end.
struct Teller {
    stage: String,
    told: Mutex<Option<Instant>>,
}

impl Teller {
    fn new(stage: &str) -> Teller {
        Teller { stage: stage.to_owned(), told: Mutex::default() }
    }

    fn tell(&self, bar: &ProgressBar, rows: u64, always: bool) {
        let listener = LISTENER.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(listener) = listener else { return };
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if always || told.is_none_or(|at| at.elapsed().as_millis() >= PAUSE) {
            *told = Some(Instant::now());
            let (done, total) = (bar.position(), bar.length().unwrap_or_default());
            listener(&Step { stage: self.stage.clone(), done, total, rows });
        }
    }
}

/// The progress of one stage. Shared by threads.
pub(crate) struct Progress {
    bar: ProgressBar,
    teller: Teller,
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
        let teller = Teller::new(stage);
        teller.tell(&bar, 0, true);
        Progress { bar, teller, rows: AtomicU64::new(0), started: Instant::now() }
    }

    /// Counts a finished step and the rows that it took.
    pub(crate) fn step(&self, rows: u64) {
        let rows = self.rows.fetch_add(rows, Ordering::Relaxed) + rows;
        self.bar.set_message(per_second(rows, self.started));
        self.bar.inc(1);
        self.teller.tell(&self.bar, rows, false);
    }

    /// Says where a stage stands that counts by itself: its length, what is done, and rows since the last call.
    pub(crate) fn set(&self, length: u64, done: u64, rows: u64) {
        let rows = self.rows.fetch_add(rows, Ordering::Relaxed) + rows;
        self.bar.set_message(per_second(rows, self.started));
        self.bar.set_length(length);
        self.bar.set_position(done);
        self.teller.tell(&self.bar, rows, false);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.teller.tell(&self.bar, self.rows.load(Ordering::Relaxed), true);
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
    teller: Teller,
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
            let teller = Teller::new(stage);
            teller.tell(&bar, 0, true);
            end(pass.replace(Pass { bar, teller, rows: 0, started: Instant::now() }));
        }
    }

    fn advance(&self, rows: u64, bytes: u64) {
        if let Ok(mut pass) = self.pass.lock()
            && let Some(pass) = pass.as_mut()
        {
            pass.rows += rows;
            pass.bar.set_message(per_second(pass.rows, pass.started));
            pass.bar.inc(bytes);
            pass.teller.tell(&pass.bar, pass.rows, false);
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
        pass.teller.tell(&pass.bar, pass.rows, true);
        pass.bar.finish_and_clear();
        BARS.remove(&pass.bar);
    }
}

fn per_second(rows: u64, started: Instant) -> String {
    let seconds = started.elapsed().as_secs_f64().max(1e-3);
    format!("{} rows/s", crate::grid::thousands(&format!("{:.0}", rows as f64 / seconds)))
}
