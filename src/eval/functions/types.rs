//! What is known of an expression's type before any row is read. Splunk checks types then, and
//! refuses a search for them (SPLUNK.md 4, "Comparison in where/eval").

/// The type that an expression can be seen to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Only a row tells: a field, or something that may be of either type.
    Any,
    /// Text.
    Text,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// The value of `null()`, which is not the same as a missing field.
    Null,
}

impl Type {
    /// The type of what is one of several things.
    pub fn common(types: impl IntoIterator<Item = Self>) -> Self {
        types.into_iter().reduce(|a, b| if a == b { a } else { Self::Any }).unwrap_or(Self::Any)
    }
}
