//! The corpus is read past what is wrong in it, and judged by whether a bug is planted.

use super::*;
use crate::ShortDigest;

fn case(line: &str) -> Case {
    line.parse().expect("it is a case")
}

fn signature(property: &str) -> Signature {
    Signature { property: property.to_string(), ..Signature::default() }
}

#[test]
fn a_planted_bug_must_be_caught_and_a_mended_one_must_not_be_back() {
    let planted = case("a/one seed=1 quirk=late fails=p digest=0000000000000007");
    let mended = case("a/one seed=1 fails=p digest=0000000000000007");
    let told = |case: &Case, failed: Option<&str>, digest: u64| {
        let ending = Ending::of(case, failed.map(signature).as_ref(), ShortDigest(digest));
        (ending.is_right(), ending.to_string())
    };
    for (case, failed, digest, is_right, words) in [
        (&planted, Some("p"), 7, true, "still caught, same digest"),
        (&planted, Some("p"), 8, true, "still caught, digest moved"),
        (&planted, Some("q"), 8, false, "another failure: recorded p, now q"),
        (&planted, None, 8, false, "no longer fails: it holds, though a bug is planted in it"),
        (&mended, None, 8, true, "stays mended, digest moved"),
        (&mended, Some("p"), 7, false, "fails: p; without a planted bug it must hold"),
    ] {
        assert_eq!(told(case, failed, digest), (is_right, words.to_string()));
    }
}

#[test]
fn files_are_named_after_scenario_bug_and_property() {
    let path = |line: &str, taken: bool| {
        path_of(Path::new("cases"), &case(line), &signature("kv.no/lost"), |_| taken).display().to_string()
    };
    assert_eq!(path("kv/power-loss seed=0x2a", false), "cases/kv/power-loss-kv.no-lost.case");
    assert_eq!(path("kv/power-loss seed=0x2a quirk=late", false), "cases/kv/power-loss-late-kv.no-lost.case");
    assert_eq!(path("kv/power-loss seed=0x2a", true), "cases/kv/power-loss-kv.no-lost-0x2a.case");
}

#[test]
fn the_smallest_of_those_that_say_the_same_stays() {
    let kept = |line: &str| Kept {
        name: String::new(),
        path: PathBuf::new(),
        file: CaseFile { why: Vec::new(), case: case(line) },
    };
    let cases = [
        kept("a/one seed=0x10000000 plan=inline:(faults = []) fails=p@a.rs:1:1"),
        kept("a/one seed=2 fails=p@a.rs:2:2 digest=0000000000000007"),
        kept("a/one seed=3 fails=p@a.rs:2:2"),
        kept("a/one seed=3 quirk=late fails=p@a.rs:2:2"),
        kept("a/one seed=3 fails=p@b.rs:2:2"),
        kept("a/one seed=3 class=R1 fails=p@a.rs:2:2"),
    ];
    assert_eq!(superfluous(&cases), [(0, 1), (2, 1)]);
}

#[test]
#[allow(clippy::disallowed_methods, reason = "files are of the host")]
fn what_is_no_case_is_named_and_the_others_are_read() {
    let root = std::env::temp_dir().join(format!("tourbillon-corpus-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&root);
    std::fs::create_dir_all(root.join("kv")).expect("the folder can be written");
    for (name, text) in [
        ("kv/b.case", "# why\nkv/one seed=1 fails=p\n"),
        ("kv/a.case", "kv/two seed=2 fails=p\n"),
        ("kv/broken.case", "# why\nkv/one sed=1\n"),
        ("kv/mute.case", "kv/one seed=1\n"),
        ("kv/picture.png", "what"),
        ("README.md", "what it is"),
        (".hidden", ""),
    ] {
        std::fs::write(root.join(name), text).expect("the folder can be written");
    }
    let corpus = Corpus::read(&root).expect("the folder can be read");
    let names: Vec<&str> = corpus.cases.iter().map(|kept| &*kept.name).collect();
    assert_eq!(names, ["kv/a.case", "kv/b.case"]);
    let expected =
        [("broken.case, line 2", "sed"), ("mute.case", "`fails=`"), ("picture.png", "ends in `.case`")];
    assert_eq!(corpus.problems.len(), expected.len(), "{:?}", corpus.problems);
    for (problem, (file, word)) in corpus.problems.iter().zip(expected) {
        assert!(problem.contains(file) && problem.contains(word), "{problem}");
    }
    std::fs::remove_dir_all(&root).expect("it is ours");
    assert!(Corpus::read(&root).is_err());
}
