//! What is wrong with an attribute is told by one error that names it.

use std::str::FromStr as _;

use proc_macro2::TokenStream;

const FUNCTION: &str = "async fn checkout() { sleep(1).await }";

fn expanded(arguments: &str, item: &str) -> String {
    let tokens = |text| TokenStream::from_str(text).expect("it is made of tokens");
    super::attribute(tokens(arguments), tokens(item)).to_string()
}

/// The only error, and what follows it.
fn error(arguments: &str, item: &str) -> String {
    let out = expanded(arguments, item);
    assert_eq!(out.matches("compile_error").count(), 1, "{arguments}: {out}");
    let item = TokenStream::from_str(item).expect("it is made of tokens").to_string();
    let error = out.strip_suffix(&item).unwrap_or_else(|| panic!("the function stays: {out}"));
    assert!(error.starts_with(":: core :: compile_error !"), "{out}");
    error.to_string()
}

#[test]
fn a_wrong_argument_is_named() {
    let wrong: &[(&str, &[&str])] = &[
        ("sedes = 7", &["unknown argument `sedes`", "seeds, seed, machines"]),
        ("7", &["expected an argument", "seeds, seed, machines"]),
        (", seeds = 7", &["expected an argument"]),
        ("seeds", &["`seeds` needs a number such as `200`"]),
        ("seeds =", &["`seeds =` needs a value"]),
        ("seeds = \"many\"", &["`seeds` needs a number"]),
        ("seeds = -1", &["`seeds` needs a number"]),
        ("seeds = 1.5", &["`seeds` needs a number"]),
        ("seeds = COUNT", &["`seeds` needs a number"]),
        ("seeds(7)", &["`seeds` needs a number"]),
        ("seed = 'a'", &["`seed` needs a number"]),
        ("seeds = 7, seeds = 8", &["`seeds` is given twice"]),
        ("seeds = 7, seed = 8", &["`seed` and `seeds` exclude each other"]),
        (
            "plan = \"a.toml\", machines = [\"a\"], profile = \"crash\"",
            &["`profile` and `plan` exclude each other"],
        ),
        ("profile = \"crash\"", &["`profile` draws plans about machines", "machines = ["]),
        ("plan = 7", &["`plan` needs a text"]),
        ("golden", &["`golden` needs a text"]),
        ("golden = b\"bytes\"", &["`golden` needs a text"]),
        ("name = checkout", &["`name` needs a text such as", "shop/checkout"]),
        ("machines", &["`machines` needs a list such as"]),
        ("machines = \"left\"", &["`machines` needs a list such as"]),
        ("machines = [left]", &["expected a machine's name in quotes"]),
        ("guests = true", &["`guests` takes no value"]),
        ("seeds = 7 seed", &["expected `,` after `seeds`"]),
        ("crate = 7", &["`crate` needs a path in quotes"]),
        ("crate = \"(\"", &["`crate` needs a path in quotes"]),
        ("crate = \"\"", &["`crate` needs a path in quotes"]),
        ("crate = \"a::7\"", &["`crate` needs a path in quotes"]),
    ];
    for (arguments, words) in wrong {
        let error = error(arguments, FUNCTION).replace("\\\"", "\"");
        for word in *words {
            assert!(error.contains(word), "{arguments} names {word}: {error}");
        }
    }
}

#[test]
fn what_is_no_test_is_told_what_a_test_is() {
    for (item, word) in [
        ("fn checkout() {}", "write `async fn`"),
        ("pub(crate) fn checkout() {}", "write `async fn`"),
        ("struct Checkout;", "stands over an `async fn`"),
        ("async move { }", "stands over an `async fn`"),
        ("async unsafe fn checkout() {}", "stands over an `async fn`"),
        ("", "stands over an `async fn`"),
        ("#[doc = \"alone\"]", "stands over an `async fn`"),
        ("async fn", "expected the function's name"),
        ("async fn checkout(cart: Cart) {}", "a test takes no arguments"),
        ("async fn checkout<T>() {}", "a test is not generic"),
        ("async fn checkout", "a test is not generic"),
    ] {
        let error = error("", item);
        assert!(error.contains(word), "{item}: {error}");
    }
}

#[test]
fn what_is_right_becomes_a_test_of_the_same_name() {
    let all = "seeds = 0x10, machines = [\"left\", \"right\"], profile = \"crash\", golden = r\"goldens\", \
               name = \"shop/checkout\", guests, crate = \"::shop::tourbillon\",";
    for (arguments, wanted) in [("", "Test"), ("seed = 7_000", ". seed (7_000)"), (all, ". seeds (0x10)")] {
        let out =
            expanded(arguments, "#[should_panic] pub async fn r#try() -> Result<(), String> { Ok(()) }");
        assert!(!out.contains("compile_error"), "{out}");
        for word in [wanted, "# [should_panic]", "pub fn r#try ()", ", \"r#try\" ,", ". check ()"] {
            assert!(out.contains(word), "{arguments} has {word}: {out}");
        }
    }
    let out = expanded(all, FUNCTION);
    for word in
        ["(& [\"left\" , \"right\"])", ". guests ()", "Some (\"shop/checkout\")", ":: shop :: tourbillon ::"]
    {
        assert!(out.contains(word), "{word}: {out}");
    }
}
