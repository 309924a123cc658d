//! The deviations of a provider from the specifications, as data: strict unless a leniency is
//! switched on by its name.

/// The deviations from RFC 6749 §5 that are allowed in answers. Each is switched on alone, by a
/// caller or by a provider's row. By default all are switched off.
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
    /// Takes an answer without `token_type` for a bearer token's. Default: `false`.
    ///
    /// # Security
    /// A token that requires more than being sent, such as a proof of possession, is taken for a
    /// bearer token if the server does not name its type (Weibo, Douban, Facebook, LinkedIn do
    /// not).
    pub allow_missing_token_type: bool,
    /// Takes these values of `token_type`, in any case, for `Bearer`. Default: empty.
    ///
    /// # Security
    /// It also accepts tokens of the types that are named, and no others (eBay: `Application Access
    /// Token`, `User Access Token`).
    pub allow_token_types: &'static [&'static str],
    /// Takes `scope` as a list of texts. Default: `false`.
    ///
    /// # Security
    /// It also accepts a list whose elements contain spaces, so that each element is several
    /// scopes.
    pub allow_scope_array: bool,
    /// Takes an answer as a form, with a form's content type or `text/plain`. Default: `false`.
    ///
    /// # Security
    /// It also accepts an answer in plain text that merely looks like a form (Facebook, older
    /// GitHub).
    pub allow_form_answer: bool,
    /// Takes JSON under any content type, or under none. Default: `false`.
    ///
    /// # Security
    /// It also accepts JSON of an error page with status 200.
    pub allow_any_content_type: bool,
    /// Reads `expires` if there is no `expires_in`. Default: `false`.
    ///
    /// # Security
    /// If the server sends a point in time, it is taken for a number of seconds (Facebook).
    pub allow_expires: bool,
    /// Takes a lifetime of 0 to mean that the token does not expire. Default: `false`.
    ///
    /// # Security
    /// It also accepts a token that has indeed expired, which only a 401 then reveals (Mailchimp,
    /// whose tokens do not expire).
    pub allow_zero_expiry: bool,
    /// Takes null for a member that is absent. Default: `false`.
    ///
    /// # Security
    /// It also accepts a token answer in which a faulty server has left members empty (Mailchimp's
    /// `"scope": null`).
    pub allow_null_members: bool,
    /// Reads `accessToken` as `access_token`, and so on. Default: `false`.
    ///
    /// # Security
    /// It also reads members that the server uses for something else (Plentymarkets).
    pub allow_camel_case: bool,
    /// Reads `errors[0].errorType`, or else its `code`, if there is no `error`. Default: `false`.
    ///
    /// # Security
    /// This weakens nothing: it only names the refusal (Fitbit).
    pub allow_error_list: bool,
}

impl Quirks {
    /// No deviations, for constants.
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
