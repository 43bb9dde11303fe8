//! Folders that are full, read-only, gone, or of another time.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use crate::place::{Ended, Place, TRAIN};
use crate::{assert_same, count, train_whole};

/// Runs a script in a name space of its own, where it may mount; none where the system forbids that.
fn mounting(place: &Place, script: &str) -> Option<Ended> {
    let program = place.command("").get_program().to_owned();
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-euc", script]);
    command.env("INKBIT", program).env("HOME", place.path("")).current_dir(place.path(""));
    let trial = ["--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"];
    let may = Command::new("unshare").args(trial).stderr(Stdio::null()).status();
    if !may.is_ok_and(|status| status.success()) {
        println!("skipped: this system lets no process mount a folder of its own");
        return None;
    }
    Some(Ended::from(command.output().unwrap()))
}

/// With less and less room on the disk, 25 times (200 if `INKBIT_LONG` is set).
#[test]
#[ignore = "run by cargo xtask trust"]
fn a_full_disk_is_named_and_the_training_goes_on_when_there_is_room() {
    let place = Place::untrained();
    train_whole(&place, TRAIN);
    place.succeed("quantize whole -o whole.inkbit");
    let tries = count(25, 200);
    let script = format!(
        "mkdir full; mount -t tmpfs -o size=1m tmpfs full
        number=0
        while [ $number -lt {tries} ]; do
            rm -rf full/*; cp whole.inkbit full/old.inkbit
            # In pages, from none to as many as a run with its report takes.
            head -c 2m /dev/zero > full/filler 2>/dev/null || true
            truncate -s -$(( number * 400 / {tries} * 1024 )) full/filler
            code=0; $INKBIT train --out full/run {TRAIN} >out 2>err || code=$?
            test $code -eq 0 || {{
                echo \"train $code $(cat err)\"
                # Nothing is left but whole files.
                if ls -A full full/run 2>/dev/null | grep tmp; then exit 1; fi
            }}
            $INKBIT quantize whole -o full/old.inkbit --keep-dead >out 2>err ||
                echo \"quantize $? $(cat err)\"
            $INKBIT inspect full/old.inkbit >out
            rm full/filler
            if test -e full/run/config.toml; then more=--resume; else more='{TRAIN}'; fi
            $INKBIT train --out full/run $more >out 2>err || grep -q 'nothing to resume' err
            rm -rf again; cp -r full/run again
            rm -f whole/quantized.json
            cmp again/weights.safetensors whole/weights.safetensors
            test -e again/report.html
            number=$(( number + 1 ))
        done"
    );
    let Some(ended) = mounting(&place, &script) else { return };
    assert_eq!((ended.code, &*ended.err), (Some(0), ""), "{}", ended.out);
    let mut refused = 0;
    for line in ended.out.lines() {
        let full = "No space left on device (os error 28)";
        let is_named = line.starts_with("train 1 error: cannot ")
            || line.starts_with("quantize 1 error: cannot write full/old.inkbit: ");
        assert!(is_named && line.contains(" full/") && line.contains("free some space"), "{line}");
        assert!(line.contains(full) || line.contains("no storage space"), "{line}");
        assert!(!line.contains(".tmp"), "{line}");
        refused += 1;
    }
    assert!(refused > tries / 4, "only {refused}:\n{}", ended.out);
    assert_same(&place, "again", "whole");
    println!("tried: {tries} full disks, {refused} of them too full for a training or a model");
}

#[test]
fn a_read_only_folder_is_named_and_what_it_holds_can_be_read() {
    let place = Place::new();
    let commands = [
        format!("train --out ro/new {TRAIN}"),
        format!("train --out ro/run {TRAIN} --force"),
        "train --out ro/run --resume".to_owned(),
        "quantize ro/run -o ro/model.inkbit".to_owned(),
        "quantize run -o ro/new.inkbit".to_owned(),
        "report ro/run -o ro/report.html".to_owned(),
        "sweep --out ro/sweep --widths 4 --data digits".to_owned(),
        "man ro/man".to_owned(),
        "data show -o ro/sheet.png --data digits".to_owned(),
        "image --board microbit model.inkbit -o ro/model.hex".to_owned(),
    ];
    let mut script = "mkdir ro; cp -r run digits model.inkbit ro; mount --bind ro ro; \
                      mount -o remount,ro,bind ro\n"
        .to_owned();
    for command in &commands {
        script += &format!("code=0; $INKBIT {command} 2>&1 >/dev/null || echo $? || true\n");
    }
    script += "$INKBIT evaluate ro/run >/dev/null; $INKBIT verify ro/model.inkbit --data ro/digits";
    let Some(ended) = mounting(&place, &script) else { return };
    assert_eq!((ended.code, &*ended.err), (Some(0), ""), "{}", ended.out);
    let lines: Vec<&str> = ended.out.lines().collect();
    for (command, lines) in commands.iter().zip(lines.chunks(2)) {
        assert_eq!(lines[1], "1", "{command}: {lines:?}");
        let is_named = lines[0].starts_with("error: cannot ") && lines[0].contains(" ro");
        let advice = "change its permissions, or give another path";
        assert!(is_named && lines[0].ends_with(advice), "{command}: {}", lines[0]);
    }
    assert!(ended.out.ends_with("0 mismatches\n"), "{}", ended.out);
    println!("tried: {} commands that write into a read-only folder", commands.len());
}

#[test]
fn a_folder_that_vanishes_while_it_is_trained_in_does_not_come_back() {
    let place = Place::untrained();
    train_whole(&place, TRAIN);
    let endless = format!("train --out run {TRAIN} --epochs 1000000 --patience 1000000");
    for is_replaced in [false, true] {
        let mut command = place.command(&endless);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        lines.find(|line| line.as_ref().unwrap().starts_with("epoch ")).unwrap().unwrap();
        fs::rename(place.path("run"), place.path("gone")).unwrap();
        if is_replaced {
            place.succeed(&format!("train --out run {TRAIN}"));
        }
        lines.for_each(drop);
        let mut message = String::new();
        child.stderr.take().unwrap().read_to_string(&mut message).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(1), "{message}");
        let expected = "error: run was removed or replaced by another program while inkbit was at";
        assert!(message.starts_with(expected), "{message}");
        match is_replaced {
            true => assert_same(&place, "run", "whole"),
            false => assert!(!place.path("run").exists()),
        }
        fs::remove_dir_all(place.path("gone")).unwrap();
    }
}

#[test]
fn a_clock_that_is_set_back_or_ahead_changes_nothing() {
    let place = Place::untrained();
    train_whole(&place, &format!("{TRAIN} --epochs 4"));
    for times in [[0, 1 << 32], [1 << 32, 0]] {
        let endless = format!("train --out run {TRAIN} --epochs 4");
        let mut child = place.command(&endless).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        lines.find(|line| line.as_ref().unwrap().starts_with("epoch ")).unwrap().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        fs::write(place.path("run/.inkbit-unfinished-00000001-b70fbd95-0123456789ab.tmp"), "half")
            .unwrap();
        // Files of 1970 and of 2106, in turns.
        for (index, entry) in fs::read_dir(place.path("run")).unwrap().enumerate() {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(times[index % 2]);
            let path = entry.unwrap().path();
            if path.is_file() {
                File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
            }
        }
        let ended = place.run("train --out run --resume");
        let done = ended.err.contains("nothing to resume");
        assert!(ended.code == Some(0) || done, "{ended:?}");
        assert_same(&place, "run", "whole");
        fs::remove_dir_all(place.path("run")).unwrap();
    }
}
