//! `*` as SPL has it: any run of characters, nothing else is special (SPLUNK.md 1.9).

/// Text with `*` in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    parts: Vec<String>,
}

impl Glob {
    /// Reads a pattern.
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        Self { parts: pattern.split('*').map(str::to_owned).collect() }
    }

    /// Whether the pattern has no `*`.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.parts.len() == 1
    }

    /// The literal parts between the `*`s; the first and last may be empty.
    #[must_use]
    pub fn parts(&self) -> &[String] {
        &self.parts
    }

    /// Whether all of `text` is matched.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.each_place(text, |_| ()).is_some()
    }

    /// What each `*` stands for in `text`, leftmost and shortest; empty when it does not match.
    #[must_use]
    pub fn captures<'t>(&self, text: &'t str) -> Vec<&'t str> {
        let places = self.places(text).unwrap_or_default();
        places.windows(2).map(|pair| &text[pair[0].1..pair[1].0]).collect()
    }

    /// The text with each `*` replaced in order; a `*` too many stands for nothing.
    #[must_use]
    pub fn filled_with(&self, captures: &[&str]) -> String {
        let mut filled = String::new();
        for (at, part) in self.parts.iter().enumerate() {
            if at > 0 {
                filled.push_str(captures.get(at - 1).copied().unwrap_or(""));
            }
            filled.push_str(part);
        }
        filled
    }

    /// Where each part stands in `text`, when all of it is matched.
    fn places(&self, text: &str) -> Option<Vec<(usize, usize)>> {
        let mut places = Vec::with_capacity(self.parts.len());
        self.each_place(text, |place| places.push(place))?;
        Some(places)
    }

    /// Calls `visit` with the place of each part in order; `None` says that not all of `text` is
    /// matched.
    fn each_place(&self, text: &str, mut visit: impl FnMut((usize, usize))) -> Option<()> {
        let [first, middle @ .., last] = self.parts.as_slice() else {
            visit((0, text.len()));
            return (self.parts.first()? == text).then_some(());
        };
        let end = text.len().checked_sub(last.len())?;
        if end < first.len() || !text.starts_with(first.as_str()) || !text.ends_with(last.as_str())
        {
            return None;
        }
        visit((0, first.len()));
        let mut from = first.len();
        for part in middle {
            // Leftmost places for the middle parts: if any places fit, these do.
            let at = from + text[from..end].find(part.as_str())?;
            from = at + part.len();
            visit((at, from));
        }
        visit((end, text.len()));
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_match_any_run() {
        for (pattern, text, matches) in [
            ("a*c", "abbc", true),
            ("a*c", "ac", true),
            ("a*c", "a", false),
            ("a*a", "a", false),
            ("*", "", true),
            ("", "", true),
            ("a", "b", false),
            ("*b*", "abc", true),
            ("a**c", "abc", true),
            ("a?c", "abc", false),
            ("*aab", "aaab", true),
            ("ab*ab", "ab", false),
        ] {
            assert_eq!(Glob::new(pattern).matches(text), matches, "{pattern} on {text}");
        }
    }

    #[test]
    fn captures_fill_another_pattern() {
        let glob = Glob::new("a*_*");
        assert_eq!(glob.captures("abc_d_e"), ["bc", "d_e"]);
        assert_eq!(Glob::new("*.*x*").filled_with(&glob.captures("abc_d_e")), "bc.d_ex");
        assert_eq!(Glob::new("*").filled_with(&["x"]), "x");
    }
}
