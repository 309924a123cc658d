//! What a provider does other than the specifications say, as data: strict unless a leniency is switched on by its name.

/// Departures that answers are allowed. Each is switched on alone, by a caller or by a provider's row.
///
/// ```
/// use oauth_proto::oauth2::Quirks;
///
/// const FACEBOOK: Quirks = Quirks::STRICT.allow_form_answer().allow_expires().allow_missing_token_type();
/// assert_ne!(FACEBOOK, Quirks::STRICT);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quirks {
    pub(crate) missing_token_type: bool,
    pub(crate) token_type_aliases: &'static [&'static str],
    pub(crate) scope_array: bool,
    pub(crate) form_answer: bool,
    pub(crate) any_content_type: bool,
    pub(crate) expires: bool,
    pub(crate) zero_expiry: bool,
    pub(crate) null_members: bool,
    pub(crate) camel_case: bool,
    pub(crate) error_list: bool,
}

impl Quirks {
    /// None: what RFC 6749 §5 says is what passes.
    pub const STRICT: Self = Self {
        missing_token_type: false,
        token_type_aliases: &[],
        scope_array: false,
        form_answer: false,
        any_content_type: false,
        expires: false,
        zero_expiry: false,
        null_members: false,
        camel_case: false,
        error_list: false,
    };

    /// Takes an answer without `token_type` for a bearer token's.
    ///
    /// # Security
    /// It lets pass a token of a kind that wants more than being shown, such as a proof of possession,
    /// from a server that forgot to say so (Weibo, Douban, Facebook, LinkedIn).
    pub const fn allow_missing_token_type(mut self) -> Self {
        self.missing_token_type = true;
        self
    }

    /// Takes these values of `token_type`, in any case, for `Bearer`.
    ///
    /// # Security
    /// It lets pass the kinds that are named, and no others (eBay: `Application Access Token`, `User
    /// Access Token`).
    pub const fn allow_token_types(mut self, aliases: &'static [&'static str]) -> Self {
        self.token_type_aliases = aliases;
        self
    }

    /// Takes `scope` as a list of texts.
    ///
    /// # Security
    /// It lets pass a list whose elements hold spaces, and so are several scopes.
    pub const fn allow_scope_array(mut self) -> Self {
        self.scope_array = true;
        self
    }

    /// Takes an answer as a form, with a form's content type or `text/plain`.
    ///
    /// # Security
    /// It lets pass an answer in plain text that merely looks like a form (Facebook, older GitHub).
    pub const fn allow_form_answer(mut self) -> Self {
        self.form_answer = true;
        self
    }

    /// Takes JSON under any content type, or under none.
    ///
    /// # Security
    /// It lets pass jSON on an error page that answers 200.
    pub const fn allow_any_content_type(mut self) -> Self {
        self.any_content_type = true;
        self
    }

    /// Reads `expires` where there is no `expires_in`.
    ///
    /// # Security
    /// It lets pass a point in time that is taken for a number of seconds (Facebook).
    pub const fn allow_expires(mut self) -> Self {
        self.expires = true;
        self
    }

    /// Takes a lifetime of 0 to mean that the token does not expire.
    ///
    /// # Security
    /// It lets pass a token that has indeed run out, which then is found out by a 401 (Mailchimp, whose
    /// tokens do not expire).
    pub const fn allow_zero_expiry(mut self) -> Self {
        self.zero_expiry = true;
        self
    }

    /// Takes null for a member that is absent.
    ///
    /// # Security
    /// It lets pass a token answer that was cut down by a faulty server (Mailchimp's `"scope": null`).
    pub const fn allow_null_members(mut self) -> Self {
        self.null_members = true;
        self
    }

    /// Reads `accessToken` as `access_token`, and so on.
    ///
    /// # Security
    /// It lets pass members of the server's own that mean something else (Plentymarkets).
    pub const fn allow_camel_case(mut self) -> Self {
        self.camel_case = true;
        self
    }

    /// Reads `errors[0].errorType`, or else its `code`, where there is no `error`.
    ///
    /// # Security
    /// It lets pass nothing; a refusal gets its name (Fitbit).
    pub const fn allow_error_list(mut self) -> Self {
        self.error_list = true;
        self
    }
}
