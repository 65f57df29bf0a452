//! The attribute `#[tourbillon::test]`.
//!
//! It is read by hand, token by token: a parser of all Rust would take longer to build than what it is for.

mod arguments;
mod function;
#[cfg(test)]
mod tests;

use std::str::FromStr as _;

use proc_macro2::{Group, Punct, Span, TokenStream, TokenTree};

use arguments::Arguments;
use function::Function;

/// Makes an `async fn` a test that runs as a simulation, over many seeds.
///
/// It runs under plain `cargo test` and `cargo nextest`. When a seed fails, the output has the failure page and
/// one line that repeats it.
///
/// | argument | does |
/// |---|---|
/// | `seeds = 200` | runs the seeds 0 to 199; without it, seed 0 |
/// | `seed = 0x2a` | runs that seed alone |
/// | `machines = ["a", "b"]` | machines that plans may name |
/// | `plan = "plans/torn-wal.toml"` | carries out that plan |
/// | `profile = "crash"` | each seed draws a plan by that profile |
/// | `golden = "goldens"` | compares what the seeds do with the golden below that folder |
/// | `name = "shop/checkout"` | the scenario's name; without it, the path of the function |
/// | `guests` | each seed in a process of its own: for third-party clients that count across runs |
/// | `crate = "path"` | where the crate `tourbillon` is found |
#[proc_macro_attribute]
pub fn test(arguments: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    attribute(arguments.into(), item.into()).into()
}

fn attribute(arguments: TokenStream, item: TokenStream) -> TokenStream {
    match expand(arguments, item.clone()) {
        Ok(test) => test,
        Err(error) => {
            // The function stays, so that it is not also reported as missing.
            let mut out = error.tokens();
            out.extend(item);
            out
        }
    }
}

/// What is wrong, and where.
pub(crate) struct Error {
    span: Span,
    message: String,
}

impl Error {
    pub(crate) fn new(span: Span, message: impl Into<String>) -> Error {
        Error { span, message: message.into() }
    }

    /// `::core::compile_error!("…");` at the place.
    fn tokens(&self) -> TokenStream {
        let text = format!("::core::compile_error!{{{:?}}}", self.message);
        at(&text, self.span)
    }
}

/// Parses our own text, all of it at one place.
fn at(text: &str, span: Span) -> TokenStream {
    let stream = TokenStream::from_str(text).expect("the text is Rust");
    stream.into_iter().map(|tree| respan(tree, span)).collect()
}

fn respan(mut tree: TokenTree, span: Span) -> TokenTree {
    if let TokenTree::Group(group) = &tree {
        let inner = group.stream().into_iter().map(|tree| respan(tree, span)).collect();
        tree = TokenTree::Group(Group::new(group.delimiter(), inner));
    }
    tree.set_span(span);
    tree
}

fn expand(arguments: TokenStream, item: TokenStream) -> Result<TokenStream, Error> {
    let arguments = Arguments::parse(arguments)?;
    let function = Function::parse(item)?;
    let name = function.name.to_string();
    let krate = &arguments.krate;
    let own_name = arguments.name.as_ref().map_or("None".to_string(), |name| format!("Some({name})"));

    // fn name() { async fn name() … ; Test::new(…, name).….check() }
    let mut body = TokenStream::new();
    body.extend(function.inner);
    body.extend(at(
        &format!(
            "{krate}::testing::Test::new(::core::env!(\"CARGO_PKG_NAME\"), ::core::module_path!(), {name:?}, \
             ::core::option::Option::{own_name}, {name})"
        ),
        Span::mixed_site(),
    ));
    body.extend(arguments.calls);
    body.extend(at(".check();", Span::mixed_site()));

    let mut out = at("#[::core::prelude::v1::test]", Span::mixed_site());
    out.extend(function.attributes);
    out.extend(function.visibility);
    out.extend(at("fn", Span::call_site()));
    out.extend([TokenTree::Ident(function.name)]);
    out.extend(at("()", Span::call_site()));
    out.extend([TokenTree::Group(Group::new(proc_macro2::Delimiter::Brace, body))]);
    Ok(out)
}

/// Whether a token is that punctuation.
pub(crate) fn is_punct(tree: Option<&TokenTree>, wanted: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(punct)) if Punct::as_char(punct) == wanted)
}
