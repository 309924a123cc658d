//! Indirect communication by a form, OpenID Authentication 2.0 §5.2.2: a page that submits itself.

use quick_xml::escape::escape;

use super::message::Message;

/// A page with a form for a URL. Its one script presses its button.
pub(super) fn page(action: &str, message: &Message) -> String {
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Continue</title>\n\
         <form action=\"{}\" method=\"post\" accept-charset=\"utf-8\" enctype=\"application/x-www-form-urlencoded\">\n",
        escape(action)
    );
    for (name, value) in message.prefixed() {
        // A browser would write a newline anew in its own way.
        let value = escape(value).replace('\n', "&#10;").replace('\r', "&#13;");
        page.push_str(&format!("<input type=\"hidden\" name=\"{}\" value=\"{value}\">\n", escape(&name)));
    }
    page.push_str(
        "<button type=\"submit\">Continue</button>\n</form>\n<script>document.forms[0].submit()</script>\n</html>\n",
    );
    page
}
