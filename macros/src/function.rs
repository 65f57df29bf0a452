//! The function under the attribute: `#[…]* pub? async fn name() -> … { … }`.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};

use crate::{Error, is_punct};

/// The parts that the test is made of.
pub(crate) struct Function {
    pub(crate) attributes: TokenStream,
    pub(crate) visibility: TokenStream,
    pub(crate) name: Ident,
    /// The function itself, without attributes and visibility.
    pub(crate) inner: TokenStream,
}

impl Function {
    pub(crate) fn parse(item: TokenStream) -> Result<Function, Error> {
        let mut tokens = item.into_iter().peekable();
        let mut attributes = TokenStream::new();
        while is_punct(tokens.peek(), '#') {
            attributes.extend(tokens.next());
            attributes.extend(tokens.next());
        }
        let mut visibility = TokenStream::new();
        if is_word(tokens.peek(), "pub") {
            visibility.extend(tokens.next());
            if matches!(tokens.peek(), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis)
            {
                visibility.extend(tokens.next());
            }
        }
        let place = |tree: Option<&TokenTree>| tree.map_or_else(Span::call_site, TokenTree::span);
        if is_word(tokens.peek(), "fn") {
            let message = "a simulated test is asynchronous: write `async fn`";
            return Err(Error::new(place(tokens.peek()), message));
        }
        if !is_word(tokens.peek(), "async") {
            return Err(Error::new(place(tokens.peek()), "#[tourbillon::test] stands over an `async fn`"));
        }
        let mut inner = TokenStream::new();
        inner.extend(tokens.next());
        if !is_word(tokens.peek(), "fn") {
            return Err(Error::new(place(tokens.peek()), "#[tourbillon::test] stands over an `async fn`"));
        }
        inner.extend(tokens.next());
        let name = match tokens.next() {
            Some(TokenTree::Ident(name)) => name,
            other => return Err(Error::new(place(other.as_ref()), "expected the function's name")),
        };
        inner.extend([TokenTree::Ident(name.clone())]);
        match tokens.peek() {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                if let Some(argument) = group.stream().into_iter().next() {
                    let message = "a test takes no arguments: what it needs it makes, or asks of the run";
                    return Err(Error::new(argument.span(), message));
                }
            }
            other => {
                return Err(Error::new(place(other), "a test is not generic: expected `()` after its name"));
            }
        }
        inner.extend(tokens);
        Ok(Function { attributes, visibility, name, inner })
    }
}

fn is_word(tree: Option<&TokenTree>, word: &str) -> bool {
    matches!(tree, Some(TokenTree::Ident(ident)) if ident == word)
}
