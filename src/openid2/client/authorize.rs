//! Requests for authentication: OpenID Authentication 2.0 §9.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use url::Url;

use super::super::association::Association;
use super::super::extension::Extension;
use super::super::extensions::ax;
use super::super::identifier::absolute;
use super::super::indirect_communication;
use super::super::message::{IDENTIFIER_SELECT, Message, Version};
use super::discovered::Discovered;
use super::pending::{Pending, RequestedIdentity, VERSION};
use super::relying_party::RelyingParty;
use crate::core::endpoint::{endpoint, with_query};
use crate::wire::{form, without_secrets};
use crate::{Error, Moment, Unsupported};

/// The default lifetime of a pending authorization.
const LIFETIME: Duration = Duration::from_secs(3600);

/// The argument of `return_to` that ties the response to the user's browser.
pub(super) const STATE: &str = "rp_state";

/// The options of an authentication request to a provider.
///
/// ```
/// use oauth_proto::openid2::{Authorize, Discovered, sreg};
///
/// let provider = Discovered::known_provider("https://op.example/openid")?;
/// let authorize =
///     Authorize::new(&provider, "https://rp.example/openid").extension(sreg::Request {
///         required: vec![sreg::Field::Email],
///         ..sreg::Request::default()
///     });
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Authorize {
    discovered: Discovered,
    return_to: String,
    extensions: Vec<Extension>,
    /// The association with which the provider should sign the response. Set it again in
    /// [`Pending::association`](field@Pending::association) before you redeem. An association of
    /// another provider, or an expired one, is ignored. Default: `None`.
    pub association: Option<Association>,
    /// If `true`, the provider must respond without asking the user anything (§9.3). If it cannot,
    /// [`RelyingParty::redeem`] returns
    /// [`ProviderError::SetupNeeded`](crate::openid2::ProviderError::SetupNeeded). Keep the
    /// [`Discovered`] value to send the user again without this option. Default: `false`.
    ///
    /// ```
    /// use oauth_proto::openid2::{
    ///     Authorization, Authorize, Discovered, Pending, ProviderError, RelyingParty,
    ///     UnconfirmedAssertion,
    /// };
    /// use oauth_proto::{Error, Moment, Refused, Step};
    ///
    /// enum Next {
    ///     Check(Step<UnconfirmedAssertion>),
    ///     AskTheUser(Authorization),
    /// }
    ///
    /// fn back(
    ///     party: &RelyingParty,
    ///     found: &Discovered,
    ///     pending: Pending,
    ///     uri: &str,
    /// ) -> Result<Next, Error> {
    ///     match party.redeem(pending, uri, Moment::from_os()) {
    ///         Ok(step) => Ok(Next::Check(step)),
    ///         Err(Error::Refused(Refused::OpenId2(ProviderError::SetupNeeded { .. }))) => {
    ///             let again = Authorize::new(found, "https://rp.example/openid");
    ///             party.authorize(again, Moment::from_os()).map(Next::AskTheUser)
    ///         }
    ///         Err(error) => Err(error),
    ///     }
    /// }
    /// ```
    pub immediate: bool,
    /// If `true`, only extensions are requested, and not the user's identity (§9.1). Default:
    /// `false`.
    pub without_identity: bool,
    /// The time in which the user must come back. Default: one hour.
    pub lifetime: Duration,
}

impl Authorize {
    /// Makes a request to the provider that [`RelyingParty::discover`] found, or to a [known
    /// provider](Discovered::known_provider). The user comes back to `return_to`, an absolute URL
    /// in the realm, which can have a query.
    pub fn new(discovered: &Discovered, return_to: impl Into<String>) -> Self {
        Self {
            discovered: discovered.clone(),
            return_to: return_to.into(),
            immediate: false,
            without_identity: false,
            association: None,
            extensions: Vec::new(),
            lifetime: LIFETIME,
        }
    }

    /// Adds an extension, for example a request for attributes of the user. It replaces an
    /// extension with the same namespace. See [`Extension`].
    pub fn extension(mut self, extension: impl Into<Extension>) -> Self {
        self.extensions.push(extension.into());
        self
    }
}

/// An authentication request that is ready: redirect the user with it, or send a form, and keep the
/// pending value.
///
/// ```
/// use oauth_proto::openid2::Authorization;
///
/// fn respond(
///     authorization: &Authorization,
/// ) -> Result<http::Response<String>, oauth_proto::Error> {
///     let url = authorization.url()?;
///     let response = http::Response::builder();
///     // Some browsers and servers refuse a longer URL.
///     if url.len() <= 2048 {
///         Ok(response.status(303).header("location", url).body(String::new()).unwrap())
///     } else {
///         Ok(response
///             .header("content-type", "text/html; charset=utf-8")
///             .body(authorization.page())
///             .unwrap())
///     }
/// }
/// ```
pub struct Authorization {
    /// The value that [`RelyingParty::redeem`] needs. Keep it for this browser until the response
    /// arrives.
    pub pending: Pending,
    endpoint: String,
    message: Message,
}

impl Authorization {
    /// Returns the URL to which the application redirects the user's browser (§5.2.1).
    ///
    /// # Errors
    /// [`Unsupported::Unsendable`] if the URL is too long. Use [`page`](Self::page) then.
    pub fn url(&self) -> Result<String, Error> {
        Ok(with_query(&endpoint(&self.endpoint)?, &self.message.to_form())?.to_string())
    }

    /// Returns an HTML page with a form that submits itself, or that the user submits with a button
    /// if scripts are disabled (§5.2.2). Your `Content-Security-Policy` must allow its inline
    /// script, or the user has to press the button.
    pub fn page(&self) -> String {
        indirect_communication::page(&self.endpoint, &self.message)
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("endpoint", &self.endpoint)
            .field("pending", &self.pending)
            .finish()
    }
}

impl RelyingParty {
    /// Makes the authentication request that the user's browser sends to the provider (OpenID
    /// Authentication 2.0 §9).
    ///
    /// # Errors
    /// [`Unsupported::Url`] if `return_to` or an `update_url` is not a URL in the realm, or if the
    /// endpoint is not a URL or is in this machine's network. [`Unsupported::PlainHttp`] if one of
    /// them has no TLS. [`Unsupported::Unsendable`] if the provider speaks OpenID 1.1 and the
    /// request is without identity.
    #[doc(alias = "authenticate")]
    pub fn authorize(&self, authorize: Authorize, moment: Moment) -> Result<Authorization, Error> {
        let discovered = &authorize.discovered;
        let endpoint = discovered.endpoint().to_owned();
        self.allowed.check_endpoint(&endpoint)?;
        let version = discovered.version;
        let state = URL_SAFE_NO_PAD.encode(&moment.derive("openid state")[..16]);
        let return_to = self.return_to(&authorize.return_to, &state)?;
        let association = authorize
            .association
            .filter(|association| association.is_usable(&endpoint, moment.now));

        let mode = if authorize.immediate { "checkid_immediate" } else { "checkid_setup" };
        let mut message = Message::new(version, mode);
        message.set("return_to", &return_to);
        message.set(realm_name(version), self.realm.as_str());
        if authorize.without_identity && version == Version::V1_1 {
            let (what, reason) = ("a request without identity", "OpenID 1.1 requires an identity");
            return Err(Unsupported::Unsendable { what, reason }.into());
        }
        let identity = if authorize.without_identity {
            RequestedIdentity::None
        } else {
            requested_identity(discovered)
        };
        match &identity {
            RequestedIdentity::None => {}
            RequestedIdentity::Select => {
                message.set("claimed_id", IDENTIFIER_SELECT);
                message.set("identity", IDENTIFIER_SELECT);
            }
            RequestedIdentity::Claimed { claimed_id, local_id } => {
                if version == Version::V2_0 {
                    message.set("claimed_id", claimed_id);
                }
                message.set("identity", local_id);
            }
        }
        if let Some(association) = &association {
            message.set("assoc_handle", &association.handle);
        }
        for extension in &authorize.extensions {
            self.check_update_url(extension)?;
            message.extend(extension);
        }
        let pending = Pending {
            version: VERSION,
            protocol: version,
            realm: self.realm.as_str().to_owned(),
            endpoints: discovered.endpoints.clone(),
            identity: Some(identity),
            return_to,
            state,
            association_handle: association.map(|association| association.handle),
            association: None,
            expires_at: moment.now.after(authorize.lifetime),
        };
        Ok(Authorization { pending, endpoint, message })
    }

    /// Checks that an `update_url` is in the realm (Attribute Exchange §5.1).
    fn check_update_url(&self, extension: &Extension) -> Result<(), Error> {
        let fields = extension.fields().filter(|_| extension.namespace == ax::NAMESPACE);
        let mut urls = fields.filter(|(name, _)| *name == "update_url").map(|(_, url)| url);
        match urls.find(|url| !self.realm.contains(url)) {
            Some(url) => Err(Unsupported::Url {
                url: without_secrets(url),
                reason: "the update_url must be inside the realm",
            }
            .into()),
            None => Ok(()),
        }
    }

    /// Returns `return_to` with the state in its query.
    fn return_to(&self, return_to: &str, state: &str) -> Result<String, Error> {
        let refuse =
            |reason| Error::from(Unsupported::Url { url: without_secrets(return_to), reason });
        let url: Url = absolute(return_to)
            .ok_or_else(|| refuse("a return_to must be an absolute http or https URL"))?;
        if !self.allowed.trusts_party(&url) {
            let option = Some("Options::dangerous_allow_http");
            return Err(Unsupported::PlainHttp { url: without_secrets(return_to), option }.into());
        }
        if return_to.contains('#') {
            return Err(refuse(
                "a return_to must not have a fragment, since a browser does not send \
                it",
            ));
        }
        if !self.realm.contains(return_to) {
            return Err(refuse("a return_to must be inside the realm"));
        }
        if form::text_pairs(url.query().unwrap_or_default())
            .any(|(name, _)| name.is_none_or(|name| name == STATE || name.starts_with("openid.")))
        {
            return Err(refuse(
                "the query of a return_to must not have parameters of the protocol, \
                such as `openid.mode`",
            ));
        }
        Ok(indirect_communication::with_query(return_to, &format!("{STATE}={state}")))
    }
}

/// Returns the identifiers in a request to a discovered provider.
fn requested_identity(discovered: &Discovered) -> RequestedIdentity {
    match (discovered.claimed_id.clone(), discovered.asserted_local_id().cloned()) {
        (Some(claimed_id), Some(local_id)) => RequestedIdentity::Claimed { claimed_id, local_id },
        _ => RequestedIdentity::Select,
    }
}

/// Returns the name of the realm parameter (§14.2.1).
fn realm_name(version: Version) -> &'static str {
    match version {
        Version::V2_0 => "realm",
        Version::V1_1 => "trust_root",
    }
}
