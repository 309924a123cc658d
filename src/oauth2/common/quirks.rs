//! The deviations from the specifications that a client accepts in responses.

/// The deviations from RFC 6749 §5 that a client accepts in a server's responses. By default the
/// client accepts none. The rows of [`services`](crate::services) set what each service needs.
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
    /// If `true`, a response without `token_type` contains a bearer token. Weibo, Douban, Facebook
    /// and LinkedIn omit the type. Default: `false`.
    ///
    /// # Security
    /// If the token is of another type that needs a proof of possession, the client uses it as a
    /// bearer token.
    pub allow_missing_token_type: bool,
    /// Values of `token_type` that mean `Bearer`. Upper and lower case count as the same. eBay
    /// sends `Application Access Token` and `User Access Token`. Default: empty.
    ///
    /// # Security
    /// The client uses tokens of these types as bearer tokens. It still refuses other types.
    pub allow_token_types: &'static [&'static str],
    /// If `true`, `scope` may be a list of strings. Default: `false`.
    ///
    /// # Security
    /// If a string in the list contains spaces, the client reads it as several scopes.
    pub allow_scope_array: bool,
    /// If `true`, the response may be a form, with the content type of a form or `text/plain`.
    /// Facebook and older versions of GitHub send forms. Default: `false`.
    ///
    /// # Security
    /// The client also accepts plain text that only looks like a form.
    pub allow_form_answer: bool,
    /// If `true`, JSON is accepted with any content type, or without one. Default: `false`.
    ///
    /// # Security
    /// The client also accepts the JSON of an error page with status 200.
    pub allow_any_content_type: bool,
    /// If `true`, the client reads the lifetime from `expires` if there is no `expires_in`.
    /// Facebook sends it. Default: `false`.
    ///
    /// # Security
    /// If the server sends a point in time, the client reads it as a number of seconds.
    pub allow_expires: bool,
    /// If `true`, a lifetime of 0 means that the token does not expire. Mailchimp sends this.
    /// Default: `false`.
    ///
    /// # Security
    /// The client also accepts a token that has really expired, and notices it only when an API
    /// responds with 401.
    pub allow_zero_expiry: bool,
    /// If `true`, null means that a member is missing. Mailchimp sends `"scope": null`. Default:
    /// `false`.
    ///
    /// # Security
    /// The client also accepts a token response in which a faulty server has left members empty.
    pub allow_null_members: bool,
    /// If `true`, the client reads `accessToken` as `access_token`, and so on. Plentymarkets sends
    /// such names. Default: `false`.
    ///
    /// # Security
    /// The client also reads members that the server uses for something else.
    pub allow_camel_case: bool,
    /// If `true`, the client reads the error code from `errors[0].errorType` or `errors[0].code` if
    /// there is no `error`. Fitbit sends such a list. Default: `false`.
    ///
    /// # Security
    /// This option weakens nothing. It adds the error code to a refusal, and the client refuses a
    /// token response that contains such a list.
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
