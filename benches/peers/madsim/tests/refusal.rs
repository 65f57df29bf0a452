//! A build that does not see the flag gives a program that refuses, and says where the flag is.
#![cfg(not(madsim))]

use std::process::Command;

#[test]
fn without_its_flag_the_runner_refuses() {
    let output = Command::new(env!("CARGO_BIN_EXE_tourbillon-peers-madsim"))
        .args(["yield", "1"])
        .output()
        .expect("the runner was built beside this test");
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let problem = String::from_utf8(output.stderr).expect("text");
    assert!(problem.contains("without `--cfg madsim`"), "{problem}");
}
