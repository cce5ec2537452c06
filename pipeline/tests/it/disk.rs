//! A full disk: a small one of its own, in a mount namespace.

use crate::command::Folder;
use std::process::Command;

/// Fills the small disk at each stage of a run. `$1` is the program, `$2` the folder of a nation; each `say` is asserted below.
const SCRIPT: &str = r##"
set -eu
program=$1; nation=$2; disk=$3
mount -t tmpfs -o size=24m tmpfs "$disk"
cp -r "$nation/program" "$nation/study.toml" "$disk"
sed -i "s#^raw = .*#raw = \"$nation/raw\"#" "$disk/study.toml"
cd "$disk"
state() { (find lake run -type f ! -name metrics.json ! -name .lock ! -name inputs.json | sort | xargs sha256sum) | sha256sum; }
fill() { dd if=/dev/zero of=ballast bs=4k 2>/dev/null || true; truncate -s -"$1" ballast; }
"$program" run study.toml --shards 4 >/dev/null 2>&1
before=$(state)
# Results have no room.
fill 40k
set +e; "$program" run study.toml --shards 4 --csv >out 2>err; echo "results: $?"; set -e
rm -f ballast; cat err
[ "$(state)" = "$before" ] && echo "results: the earlier state stands"
# The lake has no room.
printf '\n' >> "$nation/raw/dme_2023.csv"
fill 20k
set +e; "$program" run study.toml --shards 4 >out 2>err; echo "lake: $?"; set -e
rm -f ballast; cat err
[ "$(state)" = "$before" ] && echo "lake: the earlier state stands"
# Room again.
"$program" run study.toml --shards 4 >/dev/null 2>&1 && echo "done with room"
ls -A | tr '\n' ' '
"##;

#[test]
fn a_full_disk_fails_clearly_and_leaves_the_last_good_state() {
    let folder = Folder::new();
    folder.run("synth --lives 500 --years 2023 --raw csv --out nation").expect(0);
    std::fs::create_dir(folder.file("disk")).unwrap();
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", SCRIPT, "sh", env!("CARGO_BIN_EXE_acoledger")])
        .args([folder.file("nation"), folder.file("disk")])
        .output();
    let said = match output {
        Ok(output) if output.status.success() => String::from_utf8(output.stdout).unwrap(),
        Ok(output) if String::from_utf8_lossy(&output.stderr).contains("unshare") => {
            eprintln!("no mount namespaces here: {}", String::from_utf8_lossy(&output.stderr));
            return;
        }
        Ok(output) => {
            panic!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
        }
        Err(error) => return eprintln!("no `unshare` here: {error}"),
    };
    for expected in [
        "results: 2",
        "results: the earlier state stands",
        "lake: 2",
        "lake: the earlier state stands",
        "done with room",
    ] {
        assert!(said.contains(expected), "no `{expected}` in:\n{said}");
    }
    assert_eq!(said.matches("No space left").count(), 2, "{said}");
    assert!(!said.lines().last().unwrap().contains(".run.new"), "{said}");
}
