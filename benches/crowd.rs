//! Scans thousands of sites of the lab with the program itself: wall clock, CPU time, peak memory, also where one
//! address in five is dead. `cargo bench --bench crowd` (minutes; add sizes as arguments, as in `-- 1000`).

#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::{
    error::Error,
    fs,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use khien::lab::{Crowd, Lab};

/// Sites, and addresses they are spread over.
const SIZES: [(usize, usize); 2] = [(1_000, 100), (5_000, 500)];

fn main() -> Result<(), Box<dyn Error>> {
    let asked: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    println!("| sites | addresses | dead | wall | CPU | peak memory | sites seen |");
    println!("|---|---|---|---|---|---|---|");
    for (sites, addresses) in SIZES {
        if !asked.is_empty() && !asked.contains(&sites) {
            continue;
        }
        for (dead_percent, dead) in [(0, Dead::Refuses), (20, Dead::Refuses), (20, Dead::Silent)] {
            scan(Crowd { sites, addresses, dead_percent }, dead)?;
        }
    }
    Ok(())
}

/// What becomes of a connection to a dead address.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dead {
    Refuses,
    /// It comes about, and nobody ever says anything.
    Silent,
}

fn scan(crowd: Crowd, dead: Dead) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (lab, inventory) = runtime.block_on(Lab::crowd(crowd, jiff::Timestamp::now()))?;
    let mut mute = Vec::new();
    if dead == Dead::Silent {
        let ports = lab.table().ports;
        for address in crowd.dead_addresses() {
            for port in [ports.http, ports.https].into_iter().flatten() {
                // never accepted: the kernel completes the connection, and that is all
                mute.push(std::net::TcpListener::bind((address, port))?);
            }
        }
    }
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("targets.yaml"), inventory)?;
    let began = Instant::now();
    let khien = Command::new(env!("CARGO_BIN_EXE_khien"))
        .args(["scan", "--pace", "lab", "--format", "json", "--out", "report.json"])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let (memory, cpu) = watch(khien)?;
    let wall = began.elapsed();
    let report: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.path().join("report.json"))?)?;
    let units = report["units"].as_array().ok_or("a report without units")?;
    let seen = units
        .iter()
        .flat_map(|unit| unit["sites"].as_array().into_iter().flatten())
        .filter(|site| site["coverage"]["percent"].as_u64().is_some_and(|percent| percent > 90))
        .count();
    println!(
        "| {} | {} | {} | {:.1} s | {:.1} s | {memory} MiB | {seen} |",
        crowd.sites,
        crowd.addresses,
        match (crowd.dead_percent, dead) {
            (0, _) => "none".to_owned(),
            (percent, Dead::Refuses) => format!("{percent} %, refusing"),
            (percent, Dead::Silent) => format!("{percent} %, silent"),
        },
        wall.as_secs_f64(),
        cpu.as_secs_f64(),
    );
    runtime.block_on(lab.stop());
    Ok(())
}

/// Peak memory in MiB and CPU time, as /proc tells until the end.
fn watch(mut khien: Child) -> Result<(u64, Duration), Box<dyn Error>> {
    let (mut memory, mut ticks) = (0, 0);
    let place = format!("/proc/{}", khien.id());
    while khien.try_wait()?.is_none() {
        if let Ok(status) = fs::read_to_string(format!("{place}/status")) {
            let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kib = peak.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
            memory = memory.max(kib.unwrap_or(0) / 1024);
        }
        if let Ok(stat) = fs::read_to_string(format!("{place}/stat")) {
            // utime and stime, fields 14 and 15 of proc(5); the name in parentheses may hold blanks
            let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
            let spent: u64 =
                after.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
            ticks = ticks.max(spent);
        }
        thread::sleep(Duration::from_millis(20));
    }
    // Linux counts in hundredths of a second
    Ok((memory, Duration::from_millis(ticks * 10)))
}
