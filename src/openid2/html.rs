//! HTML-based discovery, OpenID Authentication 2.0 §7.3.3 and §14.2.1: the links in a page's head,
//! and Yadis' `meta`.

use html5gum::{
    DefaultEmitter, Emitter, ForwardingEmitter, HtmlString, StartTag, Token, Tokenizer,
};

/// The largest page that is read, in bytes.
pub(super) const MAX_PAGE: usize = 1024 * 1024;
/// The largest number of attributes of a tag. A tag with more is ignored.
const MAX_ATTRIBUTES: usize = 32;

/// The links in the head of a page. If one occurs twice, the first counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// `openid2.provider`.
    pub(super) provider: Option<String>,
    /// `openid2.local_id`.
    pub(super) local_id: Option<String>,
    /// `openid.server`.
    pub(super) server: Option<String>,
    /// `openid.delegate`.
    pub(super) delegate: Option<String>,
    /// `X-XRDS-Location` of a `meta`.
    pub(super) xrds_location: Option<String>,
}

/// Reads the head of a page. The body is ignored, since other users can have written it. Returns
/// `None` if the page is too large.
pub(super) fn head(page: &[u8]) -> Option<Head> {
    if page.len() > MAX_PAGE {
        return None;
    }
    let page = page.strip_prefix(b"\xef\xbb\xbf").unwrap_or(page);
    let mut head = Head::default();
    let mut emitter = DefaultEmitter::default();
    // The content of a script, a style or the title is text, even if it looks like tags.
    emitter.naively_switch_states(true);
    // Whether the next token is the text of an element that a head can have.
    let mut inside = false;
    let mut opened = false;
    // The element whose content is ignored, and the number of open elements with its name.
    let mut skipped: (&[u8], usize) = (b"", 0);
    // The links before the first picture. Browsers begin the body with a picture, so the links
    // after it count only if the head has an end tag.
    let mut before_picture = None;
    for token in Tokenizer::new_with_emitter(page, Quiet(emitter)) {
        let Ok(token) = token;
        if skipped.1 > 0 {
            match token {
                Token::StartTag(tag) if **tag.name == *skipped.0 && !is_empty(&tag) => {
                    skipped.1 += 1;
                }
                Token::EndTag(tag) if **tag.name == *skipped.0 => skipped.1 -= 1,
                _ => {}
            }
            continue;
        }
        // Any other element begins the body, even without the tag of the body.
        match token {
            Token::StartTag(tag) => match &**tag.name {
                b"link" => head.link(&tag),
                b"meta" => head.meta(&tag),
                b"head" => opened = true,
                b"html" | b"base" => {}
                b"title" | b"script" | b"style" | b"noscript" => inside = true,
                b"template" => skipped = (b"template", 1),
                b"object" | b"svg" if opened => {
                    before_picture.get_or_insert_with(|| head.clone());
                    let name: &[u8] = if **tag.name == *b"svg" { b"svg" } else { b"object" };
                    skipped = (name, usize::from(!is_empty(&tag)));
                }
                _ => break,
            },
            Token::EndTag(tag)
                if matches!(&**tag.name, b"title" | b"script" | b"style" | b"noscript") =>
            {
                inside = false;
            }
            // A tag that is closed like in XHTML.
            Token::EndTag(tag) if matches!(&**tag.name, b"link" | b"meta" | b"base") => {}
            Token::EndTag(tag) => {
                if **tag.name == *b"head" {
                    before_picture = None;
                }
                break;
            }
            Token::String(text) if !inside && !text.trim_ascii().is_empty() => break,
            Token::String(_) | Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    Some(before_picture.unwrap_or(head))
}

/// Returns whether a tag needs no end tag, because it ends in `/>`. In HTML, `/>` has no effect on
/// `object` and `template`.
fn is_empty(tag: &StartTag<()>) -> bool {
    tag.self_closing && **tag.name == *b"svg"
}

/// The tokens without the errors between them. The emitter would keep an error for each byte until
/// the next token ends.
#[derive(Debug)]
struct Quiet(DefaultEmitter);

impl ForwardingEmitter for Quiet {
    type Token = Token;

    fn inner(&mut self) -> &mut impl Emitter<Token = Token> {
        &mut self.0
    }

    fn emit_error(&mut self, _: html5gum::Error) {}

    fn should_emit_errors(&mut self) -> bool {
        false
    }
}

impl Head {
    fn link(&mut self, tag: &StartTag<()>) {
        let (Some(rel), Some(href)) = (attribute(tag, b"rel"), attribute(tag, b"href")) else {
            return;
        };
        for word in rel.split_ascii_whitespace() {
            let slot = match word.to_ascii_lowercase().as_str() {
                "openid2.provider" => &mut self.provider,
                "openid2.local_id" => &mut self.local_id,
                "openid.server" => &mut self.server,
                "openid.delegate" => &mut self.delegate,
                _ => continue,
            };
            slot.get_or_insert_with(|| href.trim().to_owned());
        }
    }

    fn meta(&mut self, tag: &StartTag<()>) {
        let names = attribute(tag, b"http-equiv");
        if names.is_some_and(|name| name.trim().eq_ignore_ascii_case("x-xrds-location"))
            && let Some(content) = attribute(tag, b"content")
        {
            self.xrds_location.get_or_insert_with(|| content.trim().to_owned());
        }
    }
}

fn attribute<'t>(tag: &'t StartTag<()>, name: &[u8]) -> Option<&'t str> {
    if tag.attributes.len() > MAX_ATTRIBUTES {
        return None;
    }
    let value: &HtmlString = tag.attributes.get(name)?;
    std::str::from_utf8(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(page: &str) -> Head {
        head(page.as_bytes()).unwrap()
    }

    /// Appendix A.4.
    #[test]
    fn the_example_of_the_specification() {
        let head = read(
            "<html><head><link rel=\"openid2.provider openid.server\" \
             href=\"http://www.livejournal.com/openid/server.bml\"/>\
             <link rel=\"openid2.local_id openid.delegate\" \
             href=\"http://exampleuser.livejournal.com/\"/></head></html>",
        );
        assert_eq!(head.provider.as_deref(), Some("http://www.livejournal.com/openid/server.bml"));
        assert_eq!(head.server, head.provider);
        assert_eq!(head.local_id.as_deref(), Some("http://exampleuser.livejournal.com/"));
        assert_eq!(head.delegate, head.local_id);
    }

    #[test]
    fn tags_are_read_in_every_spelling_and_the_first_one_counts() {
        let head = read(
            "<!DOCTYPE html><TITLE>a</TITLE><LINK HREF='https://op.example/?a=1&amp;b=2' \
             REL=\"x OpenID2.Provider\">\
             <link rel=openid2.provider href=https://later.example/>\
             <META content=' /xrds ' HTTP-EQUIV=x-Xrds-Location>",
        );
        assert_eq!(head.provider.as_deref(), Some("https://op.example/?a=1&b=2"));
        assert_eq!(head.xrds_location.as_deref(), Some("/xrds"));
    }

    #[test]
    fn a_byte_order_mark_and_closed_elements_do_not_end_the_head() {
        let head = read(
            "\u{feff}<html>\n<head>\n<base href='/'></base><meta charset=utf-8></meta>\n\
             <title>a</title>\n\
             <link rel='x' href='y'></link><link rel='openid2.provider' \
             href='https://op.example/'></link>",
        );
        assert_eq!(head.provider.as_deref(), Some("https://op.example/"));
    }

    #[test]
    fn templates_and_pictures_in_a_head_do_not_end_it() {
        let link = "<link rel=openid2.provider href=https://op.example/>";
        for page in [
            format!("<head><template><p>a <b>b</b></template>{link}</head>"),
            format!("<head><template><template></template></head><body></template>{link}"),
            format!("<template></template>{link}"),
            format!("<head><svg><title>x</title><g><path/></g></svg>{link}</head><body>"),
            format!("<head><svg/>{link}</head>"),
            format!(
                "<head><svg><svg></svg></svg><object data=x>y<object></object></object>\
                 {link}</head>"
            ),
            format!("<head>{link}<object>"),
        ] {
            assert_eq!(read(&page).provider.as_deref(), Some("https://op.example/"), "{page}");
        }
    }

    #[test]
    fn tags_outside_of_the_head_are_ignored() {
        let link = "<link rel=openid2.provider href=https://evil.example/>";
        for page in [
            format!("<html><head></head><body>{link}"),
            format!("<html><head></head>{link}"),
            format!("<html><body>{link}"),
            format!("<p>{link}"),
            format!("<head><!-- {link} --></head>"),
            format!("<head><script>'{link}'</script></head>"),
            format!("<head><style>{link}</style></head>"),
            format!("<head><title>{link}</title></head>"),
            format!("<head><noscript>{link}</noscript></head>"),
            format!("<title>Wall</title>Hello, a comment: {link}"),
            format!("Hello {link}"),
            format!("<title>x</title></p>{link}"),
            format!("</br>{link}"),
            // Links inside of elements that a browser does not show, or shows as something else.
            format!("<head><template>{link}</template></head>"),
            format!("<head><template><template></template>{link}</template></head>"),
            format!("<head><template></svg></object>{link}</template></head>"),
            format!("<head><template>{link}"),
            format!("<head><object>{link}</object></head>"),
            format!("<head><svg>{link}</svg></head>"),
            format!("<head><svg><svg/>{link}</svg></head>"),
            // A browser begins the body with a picture, so a link after it needs the end tag of the
            // head.
            format!("<svg></svg>{link}"),
            format!("<head><svg></svg>{link}<body>"),
            format!("<head><svg></svg>{link}<p></head>"),
            format!("<head><svg></svg>text {link}</head>"),
            format!("<title>x</title><object></object>{link}"),
            "<head><link rel=openid2.provider></head>".to_owned(),
        ] {
            assert_eq!(read(&page), Head::default(), "{page}");
        }
    }

    #[test]
    fn large_pages_and_tags_are_not_read() {
        assert_eq!(head(&vec![b' '; MAX_PAGE + 1]), None);
        let many: String = (0..100).map(|number| format!(" a{number}=x")).collect();
        assert_eq!(
            read(&format!("<link{many} rel=openid2.provider href=https://a.example/>")),
            Head::default()
        );
        assert_eq!(head(b"\xff\xfe\x00<link"), Some(Head::default()));
    }
}
