//! What a mark may carry: numbers and text, never an address or a float.

/// A subject or an argument of a [`mark!`](crate::mark).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A number.
    Number(i128),
    /// A word.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
}

macro_rules! numbers {
    ($($name:ty),*) => {
        $(impl From<$name> for Value<'_> {
            fn from(number: $name) -> Self {
                Value::Number(number as i128)
            }
        })*
    };
}
numbers!(u8, u16, u32, u64, usize, i8, i16, i32, i64, isize, i128, bool);

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Value::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Value::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Value::Bytes(bytes)
    }
}

impl<'a> From<&'a Vec<u8>> for Value<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Value::Bytes(bytes)
    }
}
