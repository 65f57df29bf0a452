//! JSON, as far as reports need it.

use std::fmt;

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Json {
    Null,
    Number(u128),
    Bool(bool),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub(super) fn text(text: impl Into<String>) -> Json {
        Json::Text(text.into())
    }

    pub(super) fn number(number: impl Into<u128>) -> Json {
        Json::Number(number.into())
    }

    pub(super) fn option(text: Option<impl Into<String>>) -> Json {
        text.map_or(Json::Null, Json::text)
    }

    pub(super) fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Json {
        Json::List(texts.into_iter().map(Json::text).collect())
    }

    pub(super) fn object<const N: usize>(fields: [(&str, Json); N]) -> Json {
        Json::Object(fields.into_iter().map(|(name, value)| (name.to_string(), value)).collect())
    }

    fn is_flat(&self) -> bool {
        match self {
            Json::List(values) => values.is_empty(),
            Json::Object(fields) => {
                fields.iter().all(|(_, value)| !matches!(value, Json::List(_) | Json::Object(_)))
            }
            _ => true,
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let nested = |f: &mut fmt::Formatter<'_>| write!(f, "\n{:width$}", "", width = 2 * (depth + 1));
        match self {
            Json::Null => f.write_str("null"),
            Json::Number(number) => write!(f, "{number}"),
            Json::Bool(value) => write!(f, "{value}"),
            Json::Text(text) => write_text(f, text),
            Json::List(values) if values.is_empty() => f.write_str("[]"),
            Json::List(values) => {
                f.write_str("[")?;
                for (index, value) in values.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { "," })?;
                    nested(f)?;
                    value.write(f, depth + 1)?;
                }
                write!(f, "\n{:width$}]", "", width = 2 * depth)
            }
            Json::Object(fields) => {
                // An object without lists and objects in it is one line, so that runs can be compared by line.
                let flat = self.is_flat();
                f.write_str("{")?;
                for (index, (name, value)) in fields.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { "," })?;
                    if flat {
                        f.write_str(if index == 0 { "" } else { " " })?
                    } else {
                        nested(f)?
                    }
                    write_text(f, name)?;
                    f.write_str(": ")?;
                    value.write(f, depth + 1)?;
                }
                if flat { f.write_str("}") } else { write!(f, "\n{:width$}}}", "", width = 2 * depth) }
            }
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)?;
        f.write_str("\n")
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            c if c < ' ' || c == '\u{7f}' => write!(f, "\\u{:04x}", u32::from(c))?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_objects_are_one_line() {
        let row = Json::object([("a", Json::number(1u64)), ("b", Json::text("x\"\n\u{1}"))]);
        let all =
            Json::object([("runs", Json::List(vec![row, Json::Null])), ("none", Json::List(Vec::new()))]);
        let expected = "{\n  \"runs\": [\n    {\"a\": 1, \"b\": \"x\\\"\\n\\u0001\"},\n    null\n  ],\n  \"none\": []\n}\n";
        assert_eq!(all.to_string(), expected);
    }
}
