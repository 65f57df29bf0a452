//! The examples run, and print what their readers are told they print.

mod support;

use support::{Done, command, example};

/// What an example prints, which is the same in other processes, also in another environment.
fn printed(name: &str) -> Done {
    let run = |variables: &[(&str, &str)]| -> Done {
        let mut command = command(&example(name), &[]);
        command.envs(variables.iter().copied()).output().expect("it can be started").into()
    };
    let first = run(&[]).expect(0);
    let padding = "x".repeat(100_000);
    let other = [("RUST_LOG", "trace"), ("TZ", "Asia/Tokyo"), ("HOME", "/nowhere"), ("PADDING", &padding)];
    for variables in [&[][..], &other] {
        assert_eq!(run(variables).out, first.out);
    }
    first
}

/// The digests that were printed.
fn digests(done: &Done) -> Vec<&str> {
    done.out.lines().filter_map(|line| line.split("digest ").nth(1)).collect()
}

#[test]
fn http_waits_for_the_partition_to_heal() {
    let done = printed("http").says("10.0.0.3 asked for /a").says("the same, to the bit");
    let cut_off = done.out.lines().find(|line| line.ends_with("asked for /b")).expect("it is answered");
    assert!(cut_off.contains("at   1200.0s, answered after    3."), "{cut_off}");
    let digests = digests(&done);
    assert!(digests.len() == 2 && digests[0] == digests[1], "{digests:?}");
}

#[test]
fn postgres_is_killed_and_comes_back() {
    let done = printed("postgres").says("40 + 2 = 42").says("the client says: connection closed");
    let done = done.says("the database is back: 1 + 1 = 2");
    let digests = digests(&done);
    assert!(digests.len() == 3 && digests[0] == digests[1] && digests[0] != digests[2], "{digests:?}");
}
