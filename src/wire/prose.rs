//! Texts of the other side for people, such as explanations of errors, with possible secrets
//! masked. Some servers quote secrets in them.

use super::words::{Speech, is_plain, is_sensitive, is_word, truncated};

/// Returns a text of the other side in the form that an error can show: short, and with everything
/// masked that can be a secret.
pub(crate) fn printable_text(text: &str) -> String {
    let short = truncated(text);
    if short.len() == text.len() {
        prose(text, Speech::Refuses)
    } else {
        prose(whole_words(&short), Speech::Refuses) + "…"
    }
}

/// Returns an error code as it is if it is one word. If not, returns it like [`printable_text`].
pub(crate) fn printable_code(text: &str) -> String {
    let is_code = text.len() <= 100
        && !text.contains([':', '=', '"', '\''])
        && !text.contains(char::is_whitespace);
    if is_code { text.to_owned() } else { printable_text(text) }
}

/// Returns the beginning of a text without its last word. The text was cut in that word, so it can
/// be the beginning of a secret.
pub(crate) fn whole_words(text: &str) -> &str {
    text.trim_end_matches(is_word)
}

/// Masks everything in a text that can be a secret. If the text mentions a secret, such as a token
/// or a password, only known words, dates and short numbers are shown, since every other word can
/// be the secret. If not, everything is shown that looks like a word or a short number.
pub(crate) fn prose(text: &str, speech: Speech) -> String {
    let is_about_secrets =
        text.split(|c| !is_word(c)).any(|word| is_sensitive(word) || names_secret(word));
    let mut out = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let end = match next {
            '=' | '＝' => value_end(rest, next.len_utf8()),
            _ if is_word(next) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            _ => next.len_utf8(),
        };
        let (piece, after) = rest.split_at(end);
        rest = after;
        let is_shown = match next {
            '=' | '＝' => {
                out.push_str("=…");
                continue;
            }
            _ if !is_word(next) => true,
            _ if is_known(piece) => true,
            _ if is_about_secrets => is_date(piece) || is_amount(piece),
            _ if speech == Speech::Grants => is_plain(piece),
            _ => (is_plain(piece) && !is_hex(piece)) || is_number(piece) || is_label(piece),
        };
        match is_shown {
            true => out.extend(piece.chars().map(|c| if c.is_control() { ' ' } else { c })),
            false => out.push('…'),
        }
    }
    out
}

/// Returns the end of the value after an equals sign: the next `&`, quotation mark or white space.
fn value_end(rest: &str, sign: usize) -> usize {
    let ends = |c: char| c == '&' || c == '\'' || c == '"' || c.is_whitespace();
    let value = rest[sign..].trim_start();
    let begin = rest.len() - value.len();
    value.find(ends).map_or(rest.len(), |end| begin + end)
}

/// Returns whether a word names a secret, other than the words of [`is_sensitive`].
fn names_secret(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let is_secret = matches!(word.as_str(), "pin" | "otp" | "bearer" | "jwt");
    is_secret
        || ["assertion", "credential", "passphrase", "record", "cookie"]
            .iter()
            .any(|name| word.contains(name))
}

/// Returns whether a word consists of known words, or is an error number of Microsoft.
fn is_known(word: &str) -> bool {
    if word
        .strip_prefix("AADSTS")
        .is_some_and(|number| number.len() <= 8 && digits(number) == number.len())
    {
        return true;
    }
    let word = word.to_ascii_lowercase();
    let is_in =
        |part: &str| part.is_empty() || WORDS.split_ascii_whitespace().any(|known| known == part);
    is_in(&word) || word.split(['_', '-', '.', '/']).all(is_in)
}

/// Returns whether a word consists of capital letters and then digits, such as `AADSTS70008`.
fn is_label(word: &str) -> bool {
    let digits = word.trim_start_matches(|c: char| c.is_ascii_uppercase());
    word.len() <= 12
        && digits.len() < word.len()
        && !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns whether a word is a number of at most three digits, or of four digits with a point
/// between them.
fn is_amount(word: &str) -> bool {
    digits(word) <= 4 && word.split('.').all(|part| part.len() <= 3 && digits(part) == part.len())
}

/// Returns whether a word is a number, a date or a time.
fn is_number(word: &str) -> bool {
    digits(word) <= 12
        && word.bytes().all(|byte| byte.is_ascii_digit() || b"-./+TZ".contains(&byte))
}

/// Returns whether a word is a date, perhaps with an hour, or the end of a time. A code of digits
/// with hyphens does not begin with a year, so it is not a date.
fn is_date(word: &str) -> bool {
    let mut parts = word.trim_end_matches(['.', 'Z']).split(['-', '/', '.', 'T', '+']);
    let first = parts.next().unwrap_or_default();
    let is_short = |part: &str| part.len() <= 2;
    let is_year =
        first.len() == 4 && (first.starts_with("19") || first.starts_with("20")) && word.len() > 4;
    is_number(word) && (is_year || (is_short(first) && digits(word) <= 2)) && parts.all(is_short)
}

fn is_hex(word: &str) -> bool {
    word.len() >= 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn digits(word: &str) -> usize {
    word.bytes().filter(u8::is_ascii_digit).count()
}

/// The known words: those that are shown in a text that mentions a secret.
const WORDS: &str = "
    a about absent accept accepted accepts access account across active actual after again ago
    algorithm all allow allowed already also always an and another any api app application are
    argument array as ask asked assertion at attempt attempted audience auth authenticate
    authenticated authentication authorisation authorised authorization authorize authorized
    authorizing available bad appsecret base base64 basic be bearer because been before being belong
    belongs between body bounds browser but by call callback called calls can cannot case
    certificate challenge change changed char character characters check checked client clients
    clock code codes combination configured confirm consent consumer contact contain contained
    contains content cookie correct could couldn create created credential credentials current data
    date day days decode decoded decrypt denied deny description deserialize detected developer
    device did didn different disabled do docs documentation does doesn domain done due duplicate
    each either email empty enabled encode encoded encoding endpoint ended enough error errors
    exceeded exchange exchanged exist existing exists expected expiration expire expired expires
    expiry external facebook fail failed failure field fields first for form format found from
    future generate generated get github give given google grant granted grants had has hasn have
    haven header headers here hmac hmac-sha1 hmac-sha256 hour hours http https id identifier if in
    inactive inactivity include included incorrect information insufficient internal into invalid
    invalidated is isn issued issuer it its json jwt key keys known last later least length less
    lifetime limit log logged login long longer made make malformed many match matched matches
    matching may maximum message method microsoft minute minutes mismatch mismatched missing more
    most must name need needed needs network never new next no non none nonce not null number oauth
    oauth1 oauth1.0 oauth1.0a oauth2 oauth2.0 of off old on once one only openid operation or
    original other otp our out outside over owner page parameter parameters parse parsed passphrase
    password passwords past permission permissions pin pkce plain please possible present presented
    previous previously private problem process processed profile project proof protocol provide
    provided provider public query re read ready reason received recognised recognized record
    redeemed redirect redirection refresh refreshed refused register registered reject rejected
    replaced replay replayed request requested requests require required requires resource response
    restricted result retry retrieve returned revoked role rotated rsa rsa-sha1 rsa-sha256 s s256
    same saml scope scopes second seconds secret secrets see send sent server service session
    sessions set sha1 sha256 should sign signature signatures signed signin since size so some start
    state status still string submitted successfully such support supported supports system t
    temporarily temporary tenant than that the their them then there these they this those record
    time timed timeout timestamp timestamps to token tokens too total transaction tried try trying
    twice twitter type types unable unauthorised unauthorized unavailable unexpected unknown
    unrecognised unrecognized unsupported until uri uris url us use used user username users uses
    using utf-8 v1 v2 valid validate validated validation value values verification verifier
    verified verify version very via was wasn we were when where which while who will with within
    without won wrong x509 yet you your entered passed supplied stored sending received receiving
    submit minimum rid trace correlation
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_explanations_are_shown_as_they_are() {
        for text in [
            "The code has expired",
            "the clock is 3,600 s off",
            "AADSTS70008: The provided authorization code or refresh token has expired",
            "AADSTS70000: The token was issued on 2021-05-03T10:15:00Z and was inactive for \
             90.00:00:00.",
            "The access token expired",
            "The code, the key and the token expired",
            "Timestamp out of bounds.",
            "invalid code",
            "Error E1234 at 2021-05-03T10:15:00Z, see https",
            "Timestamp 1700000000 refused",
            "oauth_consumer_key is missing, or the access_token doesn't match",
            "Unsupported signature method (HMAC-SHA1)",
            "User \u{fc}berpr\u{fc}fen",
            "",
        ] {
            assert_eq!(printable_text(text), text);
        }
        assert_eq!(printable_text("line\nline"), "line line");
    }

    #[test]
    fn no_secret_in_an_explanation_is_shown() {
        for secret in [
            "sesamopen",
            "4a9b7c2d-1111-2222-3333-444455556666",
            "2YotnFZFEjr1zCsi",
            "WDJB-MJHT",
            "1234-5678",
        ] {
            for text in [
                "the token S is unknown",
                "Invalid refresh token, S",
                "Invalid refresh token: S",
                "the token is \"S\"",
                "the password was: S",
                "Invalid code value (S)",
                "code verifier wrong - S",
                "S is no valid token",
                "S: no valid token",
                "token_S",
                "the 'S' token",
                "unknown assertion S",
                "pin S is wrong",
                "x=S",
                "no token at https://S/S",
                "{\"token\": \"S\"}",
            ] {
                let shown = printable_text(&text.replace('S', secret));
                assert!(!shown.contains(secret), "{shown}");
            }
        }
        assert_eq!(printable_text("the token sesamopen is unknown"), "the token … is unknown");
        for text in [
            "deadbeefdeadbeef is bad",
            "4a9b7c2d-1111-2222-3333-444455556666 is bad",
            "Ab3-_x is bad",
        ] {
            assert_eq!(printable_text(text), "… is bad");
        }
    }

    #[test]
    fn a_word_that_is_cut_off_is_not_shown() {
        for length in 150..200 {
            let shown = printable_text(&format!(
                "{}the sesamopensesam0pen{}",
                " ".repeat(length),
                "x".repeat(100)
            ));
            assert!(!shown.contains("ses"), "{shown}");
        }
    }

    #[test]
    fn a_code_is_a_word_or_an_explanation() {
        for code in
            ["invalid_grant", "token_rejected", "40029", "OAuthException", "consumer_key_unknown"]
        {
            assert_eq!(printable_code(code), code);
        }
        assert_eq!(printable_code("unknown token sesamopen"), "unknown token …");
        assert_eq!(printable_code("token:sesamopen"), "token:…");
    }
}
