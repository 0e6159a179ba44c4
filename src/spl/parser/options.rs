//! Options of commands: `name=value`.

use crate::spl::codes;
use crate::spl::lexer::Lexeme;

use super::Parser;

impl Parser<'_> {
    /// Takes `NAME=` if it stands here, blanks before the sign allowed; the name in lower case.
    pub(super) fn option_name(&mut self) -> Option<Lexeme> {
        let start = self.scan.at();
        let range = self.scan.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
        let text = self.scan.slice(range.clone()).to_ascii_lowercase();
        self.scan.skip_blanks();
        let is_option = !text.is_empty()
            && self.scan.rest().starts_with('=')
            && !self.scan.rest().starts_with("==");
        if !is_option {
            self.scan.set(start);
            return None;
        }
        self.scan.eat("=");
        Some(Lexeme { text, range })
    }

    /// Takes the value of the option `name`: a string in double quotes, or a word. `None` where
    /// there is none, which is reported.
    pub(super) fn option_value(&mut self, name: &Lexeme) -> Option<Lexeme> {
        self.scan.skip_blanks();
        let value = match self.scan.peek() {
            Some('"') => self.quoted()?,
            _ => self.scan.bare(|c, _| c.is_whitespace() || matches!(c, ',' | '"')),
        };
        if value.range.is_empty() {
            self.missing(name.range.clone(), format!("`{}=` has no value", name.text));
            self.scan.finish();
            return None;
        }
        Some(value)
    }

    /// Takes the value of the option `name`, which must be a number that is not negative.
    pub(super) fn option_number(&mut self, name: &Lexeme) -> Option<u64> {
        let value = self.option_value(name)?;
        let number = value.text.parse().ok();
        if number.is_none() {
            self.error(
                codes::BAD_NUMBER,
                format!("`{}=` takes a number that is not negative", name.text),
                value.range,
            );
            self.scan.finish();
        }
        number
    }

    /// Takes the value of the option `name`, which must be true or false.
    pub(super) fn option_bool(&mut self, name: &Lexeme) -> Option<bool> {
        let value = self.option_value(name)?;
        match value.text.to_ascii_lowercase().as_str() {
            "true" | "t" | "1" | "yes" => Some(true),
            "false" | "f" | "0" | "no" => Some(false),
            _ => {
                self.error(
                    codes::UNSUPPORTED_OPTION,
                    format!("`{}=` is either true or false", name.text),
                    name.range.start..value.range.end,
                );
                self.scan.finish();
                None
            }
        }
    }

    /// Keeps the value of the option `name`; reports one that is there already.
    pub(super) fn keep_option<T>(
        &mut self,
        slot: &mut Option<T>,
        value: T,
        name: &Lexeme,
    ) -> Option<()> {
        if slot.replace(value).is_none() {
            return Some(());
        }
        let message = format!("`{}` is given twice", name.text);
        self.error(codes::GIVEN_TWICE, message, name.range.clone());
        self.scan.finish();
        None
    }
}
