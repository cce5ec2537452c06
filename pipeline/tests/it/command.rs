//! Runs the program in a folder of its own and shows what came of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder that is removed at the end of the test.
pub(crate) struct Folder {
    folder: tempfile::TempDir,
}

/// What a command did.
pub(crate) struct Done {
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Folder {
    pub(crate) fn new() -> Folder {
        Folder { folder: tempfile::tempdir().unwrap() }
    }

    /// A folder with a copy of another.
    pub(crate) fn copy_of(from: &Path) -> Folder {
        let folder = Folder::new();
        copy(from, folder.path());
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Writes a file, its folders too.
    pub(crate) fn write(&self, name: &str, text: &str) -> &Folder {
        let path = self.file(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Runs `acoledger` with the folder as working folder.
    pub(crate) fn run(&self, args: &str) -> Done {
        self.run_as(
            Command::new(env!("CARGO_BIN_EXE_acoledger")).args(args.split_whitespace()).env_remove("ACOLEDGER_LOG"),
        )
    }

    /// The same with everything logged that there is to log.
    pub(crate) fn run_logging_all(&self, args: &str) -> Done {
        self.run_as(
            Command::new(env!("CARGO_BIN_EXE_acoledger")).args(args.split_whitespace()).env("ACOLEDGER_LOG", "trace"),
        )
    }

    fn run_as(&self, command: &mut Command) -> Done {
        let output = command.current_dir(self.path()).env("COLUMNS", "100").output().unwrap();
        Done {
            exit: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// All files below the folder with their bytes, but `metrics.json` and what an ingest notes about time.
    pub(crate) fn bytes(&self, below: &str) -> Vec<(String, Vec<u8>)> {
        let mut found = Vec::new();
        collect(&self.file(below), &self.file(below), &mut found);
        found.sort();
        found
    }
}

impl Done {
    /// Exit status, standard output and standard error as one text, times blotted out.
    pub(crate) fn show(&self) -> String {
        format!("exit: {}\n--- stdout\n{}--- stderr\n{}", self.exit, self.stdout, blot(&self.stderr))
    }

    /// Fails with everything that was said when the exit status is another one.
    #[track_caller]
    pub(crate) fn expect(self, exit: i32) -> Done {
        assert_eq!(self.exit, exit, "{}", self.show());
        self
    }
}

/// Blots out times: they differ from run to run.
fn blot(text: &str) -> String {
    text.lines()
        .map(|line| match line.find("seconds=") {
            Some(at) => format!("{}seconds=…\n", &line[..at]),
            None => format!("{line}\n"),
        })
        .collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &to) } else { fs::copy(&path, &to).map(|_| ()).unwrap() }
    }
}

fn collect(top: &Path, folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(top, &path, found);
        } else if path.file_name().unwrap() != "metrics.json" {
            found.push((path.strip_prefix(top).unwrap().display().to_string(), fs::read(&path).unwrap()));
        }
    }
}

/// Data outside the repository: `ACOLEDGER_ORACLES`, or `../shared` beside it. `None`, and a word about it, when absent.
pub(crate) fn oracle(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("ACOLEDGER_ORACLES").map(PathBuf::from);
    let root = root.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"));
    let found = root.join(path);
    if !found.exists() {
        eprintln!("oracles absent: {}", found.display());
        return None;
    }
    Some(found)
}
