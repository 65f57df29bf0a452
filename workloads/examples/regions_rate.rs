//! How long the scenarios of the three packs take: mean time of a run, by scenario and class, on one core.
//!
//! `cargo run --release -p tourbillon-workloads --example regions_rate -- 50`, or `-- 50 Hft` for another profile than
//! each pack's own.

#![expect(clippy::disallowed_methods, reason = "it measures the host, outside of any run")]

use std::time::Instant;

use faults::scenario::Spec;
use tourbillon_workloads::regions::scenarios;

fn main() {
    let seeds: u64 = std::env::args().nth(1).map_or(20, |seeds| seeds.parse().expect("a count of seeds"));
    let deployed_as = std::env::args().nth(2);
    let classes = ["R1", "R2", "R3"];
    let (mut folded, mut total_us, mut usual_us) = (0_u64, 0, 0);
    println!("{:62}{:>9}{:>9}{:>9}", "mean of a run, in microseconds", classes[0], classes[1], classes[2]);
    for scenario in scenarios() {
        let mut line = format!("{:62}", scenario.name());
        for class in classes {
            let began = Instant::now();
            for seed in 0..seeds {
                let class = Some(class.to_string());
                let spec = Spec { deployed_as: deployed_as.clone(), class, ..Spec::of_seed(seed) };
                let run = scenario.run(&spec).expect("a spec without mistakes");
                assert!(run.report.passed(), "{} {spec:?}: {:?}", scenario.name(), run.report.failure());
                folded = folded.rotate_left(1) ^ run.report.digests.trace.short();
            }
            let mean_us = began.elapsed().as_micros() / u128::from(seeds);
            total_us += mean_us;
            let usual = scenario.deployments().expect("they have some").usual();
            usual_us += if usual.class == class { mean_us } else { 0 };
            line += &format!("{mean_us:>9}");
        }
        println!("{line}");
    }
    println!("all at one seed, each in its usual class: {usual_us} us; in every class: {total_us} us");
    println!("folded digests: {folded:016x}");
}
