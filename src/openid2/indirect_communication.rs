//! Indirect communication, OpenID Authentication 2.0 §5.2: a URL with a message in its query, and a
//! page that submits itself.

use std::borrow::Cow;

use quick_xml::escape::escape;

use super::identifier::absolute;
use super::message::Message;

/// Returns a URL with parameters added to its query, before its fragment.
pub(super) fn with_query(url: &str, query: &str) -> String {
    let url = sendable(url);
    let (url, fragment) =
        url.split_once('#').map_or((&*url, None), |(url, fragment)| (url, Some(fragment)));
    let separator = match url.split_once('?') {
        None => "?",
        Some((_, before)) if before.is_empty() || before.ends_with('&') => "",
        Some(_) => "&",
    };
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    format!("{url}{separator}{query}{fragment}")
}

/// Returns a URL with a message at the end of its fragment, for a page that reads it there (User
/// Interface Extension §5.1).
pub(super) fn with_fragment(url: &str, message: &str) -> String {
    let separator = if url.contains('?') { "&" } else { "?" };
    format!("{}{separator}{message}", sendable(url))
}

/// Returns a URL that a header can have. If the URL has a character that a header cannot have, it
/// gets the spelling of browsers. Otherwise it does not change.
fn sendable(url: &str) -> Cow<'_, str> {
    match absolute(url) {
        Some(normal) if !url.bytes().all(|byte| byte.is_ascii_graphic()) => {
            String::from(normal).into()
        }
        _ => url.into(),
    }
}

/// Returns a page with a form for a URL. Its script submits the form.
pub(super) fn page(action: &str, message: &Message) -> String {
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Continue</title>\n\
         <form action=\"{}\" method=\"post\" accept-charset=\"utf-8\" \
         enctype=\"application/x-www-form-urlencoded\">\n",
        escape(action)
    );
    for (name, value) in message.prefixed() {
        // A browser would change a newline.
        let value = escape(value).replace('\n', "&#10;").replace('\r', "&#13;");
        page.push_str(&format!(
            "<input type=\"hidden\" name=\"{}\" value=\"{value}\">\n",
            escape(&name)
        ));
    }
    page.push_str(
        "<button type=\"submit\">Continue</button>\n</form>\n\
         <script>document.forms[0].submit()</script>\n</html>\n",
    );
    page
}
