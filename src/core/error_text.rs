//! The parts that the texts of several errors have in common.

use super::response_excerpt::ResponseExcerpt;

/// Formats a response, if there is one, for the text of an error.
pub(crate) fn shown(answer: &Option<Box<ResponseExcerpt>>) -> String {
    answer.as_ref().map(|answer| format!(" ({answer})")).unwrap_or_default()
}

/// Returns the part of an error's text that names the option which prevents the error.
pub(crate) fn lifted_by(option: Option<&str>) -> String {
    option.map(|option| format!(" (`{option}` allows this)")).unwrap_or_default()
}
