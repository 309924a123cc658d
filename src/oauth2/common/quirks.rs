//! What a provider does other than the specifications say, as data: strict unless a leniency is
//! switched on by its name.

/// Departures that answers are allowed. Each is switched on alone, by a caller or by a provider's
/// row. By default none is: what RFC 6749 §5 says is what passes.
///
/// ```
/// use oauth_proto::oauth2::Quirks;
///
/// let mut quirks = Quirks::default();
/// quirks.allow_form_answer = true;
/// quirks.allow_expires = true;
/// assert_ne!(quirks, Quirks::default());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quirks {
    /// Takes an answer without `token_type` for a bearer token's.
    ///
    /// # Security
    /// It lets pass a token of a kind that wants more than being shown, such as a proof of
    /// possession, from a server that forgot to say so (Weibo, Douban, Facebook, LinkedIn).
    pub allow_missing_token_type: bool,
    /// Takes these values of `token_type`, in any case, for `Bearer`.
    ///
    /// # Security
    /// It lets pass the kinds that are named, and no others (eBay: `Application Access Token`,
    /// `User Access Token`).
    pub allow_token_types: &'static [&'static str],
    /// Takes `scope` as a list of texts.
    ///
    /// # Security
    /// It lets pass a list whose elements hold spaces, and so are several scopes.
    pub allow_scope_array: bool,
    /// Takes an answer as a form, with a form's content type or `text/plain`.
    ///
    /// # Security
    /// It lets pass an answer in plain text that merely looks like a form (Facebook, older GitHub).
    pub allow_form_answer: bool,
    /// Takes JSON under any content type, or under none.
    ///
    /// # Security
    /// It lets pass JSON on an error page that answers 200.
    pub allow_any_content_type: bool,
    /// Reads `expires` where there is no `expires_in`.
    ///
    /// # Security
    /// It lets pass a point in time that is taken for a number of seconds (Facebook).
    pub allow_expires: bool,
    /// Takes a lifetime of 0 to mean that the token does not expire.
    ///
    /// # Security
    /// It lets pass a token that has indeed run out, which then is found out by a 401 (Mailchimp,
    /// whose tokens do not expire).
    pub allow_zero_expiry: bool,
    /// Takes null for a member that is absent.
    ///
    /// # Security
    /// It lets pass a token answer that was cut down by a faulty server (Mailchimp's `"scope":
    /// null`).
    pub allow_null_members: bool,
    /// Reads `accessToken` as `access_token`, and so on.
    ///
    /// # Security
    /// It lets pass members of the server's own that mean something else (Plentymarkets).
    pub allow_camel_case: bool,
    /// Reads `errors[0].errorType`, or else its `code`, where there is no `error`.
    ///
    /// # Security
    /// It lets pass nothing; a refusal gets its name (Fitbit).
    pub allow_error_list: bool,
}

impl Quirks {
    /// None, for constants.
    pub(crate) const STRICT: Self = Self {
        allow_missing_token_type: false,
        allow_token_types: &[],
        allow_scope_array: false,
        allow_form_answer: false,
        allow_any_content_type: false,
        allow_expires: false,
        allow_zero_expiry: false,
        allow_null_members: false,
        allow_camel_case: false,
        allow_error_list: false,
    };
}
