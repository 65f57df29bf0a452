//! The attribute's arguments: `name = literal`, comma, …

use proc_macro2::{Delimiter, Literal, Span, TokenStream, TokenTree};

use crate::{Error, at, is_punct};

const KNOWN: &str = "seeds, seed, machines, plan, profile, golden, name, guests, crate";

/// What the attribute was given.
pub(crate) struct Arguments {
    /// Calls on the test, one an argument: `.seeds(200)`.
    pub(crate) calls: TokenStream,
    /// The scenario's name, as a literal.
    pub(crate) name: Option<String>,
    /// Where the crate is.
    pub(crate) krate: String,
}

impl Arguments {
    pub(crate) fn parse(tokens: TokenStream) -> Result<Arguments, Error> {
        let mut arguments =
            Arguments { calls: TokenStream::new(), name: None, krate: "::tourbillon".to_string() };
        let mut tokens = tokens.into_iter().peekable();
        let mut seen: Vec<(String, Span)> = Vec::new();
        while let Some(word) = tokens.next() {
            let TokenTree::Ident(word) = word else {
                return Err(Error::new(word.span(), format!("expected an argument: one of {KNOWN}")));
            };
            let (name, span) = (word.to_string(), word.span());
            if seen.iter().any(|(other, _)| *other == name) {
                return Err(Error::new(span, format!("`{name}` is given twice: leave one of them")));
            }
            seen.push((name.clone(), span));
            let value = if is_punct(tokens.peek(), '=') {
                let equals = tokens.next().map_or(span, |equals| equals.span());
                let nothing = || Error::new(equals, format!("`{name} =` needs a value"));
                Some(tokens.next().ok_or_else(nothing)?)
            } else {
                None
            };
            arguments.take(&name, span, value)?;
            match tokens.next() {
                None => break,
                Some(comma) if is_punct(Some(&comma), ',') => {}
                Some(other) => {
                    return Err(Error::new(other.span(), format!("expected `,` after `{name}`")));
                }
            }
        }
        let span_of = |wanted: &str| seen.iter().find(|(name, _)| name == wanted).map(|(_, span)| *span);
        for (first, second) in [("seeds", "seed"), ("plan", "profile")] {
            if let (Some(_), Some(span)) = (span_of(first), span_of(second)) {
                return Err(Error::new(span, format!("`{second}` and `{first}` exclude each other")));
            }
        }
        if let (Some(span), None) = (span_of("profile"), span_of("machines")) {
            return Err(Error::new(
                span,
                "`profile` draws plans about machines: name them by `machines = [\"…\"]`",
            ));
        }
        Ok(arguments)
    }

    fn take(&mut self, name: &str, span: Span, value: Option<TokenTree>) -> Result<(), Error> {
        match (name, value) {
            ("seeds" | "seed", value) => {
                let number = literal(name, span, value, "a number such as `200`", is_number)?;
                self.call(name, TokenTree::Literal(number));
            }
            ("plan" | "profile" | "golden", value) => {
                let text = literal(name, span, value, "a text such as `\"…\"`", is_text)?;
                self.call(name, TokenTree::Literal(text));
            }
            ("name", value) => {
                let text = literal(name, span, value, "a text such as `\"shop/checkout\"`", is_text)?;
                self.name = Some(text.to_string());
            }
            ("crate", value) => {
                let expected = "a path in quotes such as `\"tourbillon\"`";
                let text = literal(name, span, value, expected, is_text)?;
                self.krate = path(&text.to_string())
                    .ok_or_else(|| Error::new(text.span(), format!("`{name}` needs {expected}")))?;
            }
            ("guests", None) => self.calls.extend(at(".guests()", span)),
            ("guests", Some(value)) => {
                return Err(Error::new(value.span(), "`guests` takes no value"));
            }
            ("machines", Some(TokenTree::Group(group))) if group.delimiter() == Delimiter::Bracket => {
                for tree in group.stream() {
                    let fine = is_punct(Some(&tree), ',')
                        || matches!(&tree, TokenTree::Literal(literal) if is_text(&literal.to_string()));
                    if !fine {
                        return Err(Error::new(tree.span(), "expected a machine's name in quotes"));
                    }
                }
                self.calls.extend(at(".machines", span));
                self.calls.extend(at(&format!("(&{group})"), group.span()));
            }
            ("machines", value) => {
                let span = value.map_or(span, |value| value.span());
                return Err(Error::new(
                    span,
                    "`machines` needs a list such as `[\"ledger-0\", \"ledger-1\"]`",
                ));
            }
            (unknown, _) => {
                let message = format!("unknown argument `{unknown}`: expected one of {KNOWN}");
                return Err(Error::new(span, message));
            }
        }
        Ok(())
    }

    /// `.name(value)`, the value at its own place, so that a wrong type is told there.
    fn call(&mut self, name: &str, value: TokenTree) {
        let span = value.span();
        self.calls.extend(at(&format!(".{name}({value})"), span));
    }
}

fn literal(
    name: &str,
    span: Span,
    value: Option<TokenTree>,
    expected: &str,
    fits: fn(&str) -> bool,
) -> Result<Literal, Error> {
    let wrong = |span| Error::new(span, format!("`{name}` needs {expected}"));
    match value {
        Some(TokenTree::Literal(literal)) if fits(&literal.to_string()) => Ok(literal),
        // A literal that comes out of a macro stands in a group without delimiters.
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::None => {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            match <[TokenTree; 1]>::try_from(inner) {
                Ok([TokenTree::Literal(literal)]) if fits(&literal.to_string()) => Ok(literal),
                _ => Err(wrong(group.span())),
            }
        }
        Some(other) => Err(wrong(other.span())),
        None => Err(wrong(span)),
    }
}

/// What stands between the quotes, when it is a path.
fn path(text: &str) -> Option<String> {
    let (start, end) = (text.find('"')?, text.rfind('"')?);
    let path = text.get(start + 1..end)?.trim();
    let is_name = |name: &str| {
        let name = name.trim().trim_start_matches("r#");
        name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    let names = path.strip_prefix("::").unwrap_or(path);
    names.split("::").all(is_name).then(|| path.to_string())
}

fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains('.')
}

fn is_text(text: &str) -> bool {
    text.starts_with('"') || text.starts_with("r\"") || text.starts_with("r#")
}
