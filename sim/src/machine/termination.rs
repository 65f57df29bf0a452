//! What a boot function or a test may return.

use std::fmt::Display;

/// A result of a process or a test: nothing, or a [`Result`] whose error can be shown.
pub trait Termination: 'static {
    /// The error's text, if it is one.
    ///
    /// # Errors
    /// When the result is an error.
    fn report(self) -> Result<(), String>;
}

impl Termination for () {
    fn report(self) -> Result<(), String> {
        Ok(())
    }
}

impl<T: Termination, E: Display + 'static> Termination for Result<T, E> {
    fn report(self) -> Result<(), String> {
        match self {
            Ok(value) => value.report(),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// A server's loop never returns, so it must be allowed as a boot function's body.
impl Termination for Never {
    fn report(self) -> Result<(), String> {
        self
    }
}

/// The type `!`, which has no stable name of its own: the output of a function that never returns.
type Never = <fn() -> ! as Function>::Output;

#[doc(hidden)]
pub trait Function {
    /// What it returns.
    type Output;
}

impl<T> Function for fn() -> T {
    type Output = T;
}
