//! The methods by which a client proves its identity to the authorization server, RFC 6749 §2.3,
//! RFC 7521 §4.2, RFC 8705 §2.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};
use http::HeaderValue;
use zeroize::Zeroizing;

use crate::oauth2::SecretPlacement;
use crate::wire::percent;
use crate::{BoxError, Moment, Secret, Step, Timestamp, Unsupported};

/// The time for which an assertion is valid.
const ASSERTION_LIFETIME: Duration = Duration::from_secs(60);

/// The method by which a client authenticates at the token endpoint and at similar endpoints.
///
/// ```
/// use oauth_proto::oauth2::ClientAuthentication;
///
/// let authentication = ClientAuthentication::Body("7Fjfp0ZBr1KtDRbnfVdmIw".into());
/// assert!(!format!("{authentication:?}").contains("7Fjfp0"));
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// No authentication: a public client only sends its `client_id` in the body (RFC 6749 §3.2.1).
    #[default]
    None,
    /// A shared secret in `Authorization: Basic`. Client id and secret are encoded as in forms (RFC
    /// 6749 §2.3.1).
    Basic(Secret),
    /// A shared secret in `Authorization: Basic`. Client id and secret are not encoded.
    ///
    /// # Security
    /// This is as safe as [`Basic`](Self::Basic). Requests fail if the client id has a colon,
    /// because the header would be ambiguous.
    AllowRawBasic(Secret),
    /// A shared secret in the body, as `client_secret`.
    Body(Secret),
    /// The TLS certificate that your HTTP client presents (RFC 8705 §2). This crate sends
    /// `client_id` in the body.
    MutualTls,
    /// Parameters or headers that your code computes for each request, such as a signed assertion.
    Custom(Arc<dyn AuthenticateClient>),
    /// Parameters or headers that another service computes for each request. The service may be a
    /// key service that signs assertions, or the platform on which the client runs. It is asked
    /// before each request.
    Remote(Arc<dyn AuthenticateClientRemotely>),
    /// A method that this crate does not implement, by its name. Requests fail until the
    /// application sets another variant.
    /// [`ClientRegistration::client`](crate::oauth2::ClientRegistration::client) returns it if the
    /// server has registered the client for such a method.
    Missing(String),
}

impl ClientAuthentication {
    pub(crate) fn secret(secret: Secret, placement: SecretPlacement) -> Self {
        match placement {
            SecretPlacement::Basic => Self::Basic(secret),
            SecretPlacement::AllowRawBasic => Self::AllowRawBasic(secret),
            SecretPlacement::Body => Self::Body(secret),
        }
    }
}

impl fmt::Debug for ClientAuthentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Basic(_) | Self::AllowRawBasic(_) => f.write_str("Basic"),
            Self::Body(_) => f.write_str("Body"),
            Self::MutualTls => f.write_str("MutualTls"),
            Self::Custom(_) => f.write_str("Custom"),
            Self::Remote(_) => f.write_str("Remote"),
            Self::Missing(method) => write!(f, "Missing({method})"),
        }
    }
}

/// A custom method of client authentication, with a key in memory. If the key is in a key service,
/// implement [`AuthenticateClientRemotely`].
///
/// The method adds parameters or headers to each request. An assertion (RFC 7523 §2.2) needs two
/// parameters:
///
/// ```
/// use std::sync::Arc;
///
/// use oauth_proto::oauth2::{AuthenticateClient, ClientAuthentication, RequestCredentials};
///
/// struct PrivateKeyJwt {/* a key in memory */}
///
/// impl PrivateKeyJwt {
///     fn sign(&self, claims: &serde_json::Value) -> Result<String, String> {
/// #       Ok(String::new())
///         // …
///     }
/// }
///
/// impl AuthenticateClient for PrivateKeyJwt {
///     fn authenticate(&self, credentials: &mut RequestCredentials) -> Result<(), String> {
///         let assertion = self.sign(&credentials.claims())?;
///         credentials.parameter(
///             "client_assertion_type",
///             "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
///         );
///         credentials.parameter("client_assertion", &assertion);
///         Ok(())
///     }
/// }
///
/// let authentication = ClientAuthentication::Custom(Arc::new(PrivateKeyJwt {}));
/// ```
pub trait AuthenticateClient: Send + Sync {
    /// Adds the proof of the client's identity to a request.
    ///
    /// # Errors
    /// A text for the operator, without secrets, if the proof cannot be computed. The request then
    /// fails with
    /// [`RequestError::ClientAuthentication`](crate::oauth2::RequestError::ClientAuthentication).
    fn authenticate(&self, credentials: &mut RequestCredentials) -> Result<(), String>;
}

/// A custom method of client authentication whose key is in a key service: a cloud's key
/// management, a vault, a signing server.
///
/// # Examples
/// An assertion (RFC 7523 §2.2) with the signature of a key service. A JWS contains the raw
/// signature (RFC 7518 §3.4), which is `R` followed by `S` for ECDSA. Many services return ECDSA
/// signatures in DER: convert those first.
///
/// ```
/// use std::sync::Arc;
///
/// use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
/// use oauth_proto::oauth2::{
///     AuthenticateClientRemotely, ClientAuthentication, RequestCredentials,
/// };
/// use oauth_proto::{BoxError, Moment, Purpose, Step};
///
/// struct KeyService;
///
/// impl AuthenticateClientRemotely for KeyService {
///     fn authenticate(
///         &self,
///         mut credentials: RequestCredentials,
///         _: Moment,
///     ) -> Result<Step<RequestCredentials>, BoxError> {
///         let base64url = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
///         let header = base64url(br#"{"alg":"ES256","kid":"2026"}"#);
///         let signed =
///             format!("{header}.{}", base64url(credentials.claims().to_string().as_bytes()));
///         let request = http::Request::post("https://keys.example.com/2026/sign")
///             .body(signed.clone().into_bytes())?;
///         Ok(Step::exchange(request, Purpose::CallingKeyService, move |response| {
///             let assertion = format!("{signed}.{}", base64url(response.body()));
///             credentials.parameter(
///                 "client_assertion_type",
///                 "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
///             );
///             credentials.parameter("client_assertion", &assertion);
///             Ok(credentials)
///         }))
///     }
/// }
///
/// let authentication = ClientAuthentication::Remote(Arc::new(KeyService));
/// ```
pub trait AuthenticateClientRemotely: Send + Sync {
    /// Returns a step that asks the service. The result of the step is `credentials` with the proof
    /// of the client's identity.
    ///
    /// Use `moment` if the step needs the time or randomness, such as for [`Step::then`]. For the
    /// signature itself, use [`RequestCredentials::randomness`].
    ///
    /// # Errors
    /// Any error if the step cannot be made. Its text must not contain a secret. An
    /// [`Error`](crate::Error) of this crate becomes
    /// [`Refused::KeyService`](crate::Refused::KeyService). Any other error, and a step that waits
    /// ([`Step::Wait`]), becomes
    /// [`RequestError::ClientAuthentication`](crate::oauth2::RequestError::ClientAuthentication).
    fn authenticate(
        &self,
        credentials: RequestCredentials,
        moment: Moment,
    ) -> Result<Step<RequestCredentials>, BoxError>;
}

/// The credentials of one request. A custom authentication method reads the properties of the
/// request from it, and adds parameters and headers.
///
/// ```
/// use oauth_proto::oauth2::RequestCredentials;
///
/// fn authenticate(credentials: &mut RequestCredentials, assertion: &str) {
///     credentials.parameter("client_assertion", assertion);
/// }
/// ```
#[non_exhaustive]
pub struct RequestCredentials {
    /// The client id.
    pub client_id: String,
    /// The audience for an assertion (`aud`): the server's issuer identifier. If the issuer is not
    /// known, it is the URL of the endpoint.
    pub audience: String,
    /// The time of the request. The assertion of [`claims`](Self::claims) is issued at this time.
    pub now: Timestamp,
    moment: Moment,
    pub(crate) parameters: Vec<(String, Secret)>,
    pub(crate) headers: Vec<(http::HeaderName, HeaderValue)>,
}

impl RequestCredentials {
    pub(crate) fn new(client_id: &str, audience: String, moment: Moment) -> Self {
        Self {
            client_id: client_id.to_owned(),
            audience,
            now: moment.now,
            moment,
            parameters: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// Adds a parameter to the request's form.
    pub fn parameter(&mut self, name: &str, value: &str) {
        self.parameters.push((name.to_owned(), value.into()));
    }

    /// Adds a header to the request, and marks its value as sensitive.
    pub fn header(&mut self, name: http::HeaderName, mut value: HeaderValue) {
        value.set_sensitive(true);
        self.headers.push((name, value));
    }

    /// Returns 32 random bytes for a signature that needs randomness (ECDSA, RSASSA-PSS, the
    /// blinding of RSA). All calls for one request return the same bytes; another request has other
    /// bytes.
    pub fn randomness(&self) -> [u8; 32] {
        self.moment.derive("client signature")
    }

    /// Returns an unguessable value, new for each request.
    fn unique(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(&self.moment.derive("oauth2 assertion")[..16])
    }

    /// Returns the claims of a client's assertion (RFC 7523 §3).
    ///
    /// `iss` and `sub` are the client id, and `aud` is [`audience`](field@Self::audience). `jti` is
    /// unguessable and new for each request. The assertion expires 60 seconds after
    /// [`now`](field@Self::now). If your key service is slow, set `now` to a later time first.
    pub fn claims(&self) -> serde_json::Value {
        serde_json::json!({
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.audience,
            "iat": self.now,
            "exp": self.now.after(ASSERTION_LIFETIME),
            "jti": self.unique(),
        })
    }
}

impl fmt::Debug for RequestCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestCredentials")
            .field("client_id", &self.client_id)
            .field("audience", &self.audience)
            .finish()
    }
}

/// Makes the value of `Authorization: Basic`.
pub(crate) fn basic(
    id: &str,
    secret: &Secret,
    placement: SecretPlacement,
) -> Result<HeaderValue, Unsupported> {
    let mut pair = Zeroizing::new(String::new());
    if placement == SecretPlacement::AllowRawBasic {
        if id.contains(':') {
            let (what, reason) = (
                "the client identifier",
                "it has a colon, which HTTP Basic cannot carry \
                    unencoded: use `ClientAuthentication::Basic`",
            );
            return Err(Unsupported::Unsendable { what, reason });
        }
        pair.push_str(id);
        pair.push(':');
        pair.push_str(secret.expose());
    } else {
        // The client id and the secret are encoded as in forms (RFC 6749 appendix B). Every parser
        // of forms reads `%20` as a space.
        percent::encode_into(&mut pair, id.as_bytes());
        pair.push(':');
        percent::encode_into(&mut pair, secret.expose().as_bytes());
    }
    let value = Zeroizing::new(format!("Basic {}", BASE64_STANDARD.encode(pair.as_bytes())));
    let header = HeaderValue::from_str(&value);
    let mut header = header.map_err(|_| Unsupported::Unsendable {
        what: "the client's credentials",
        reason: "they are too long",
    })?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(id: &str, secret: &str, placement: SecretPlacement) -> String {
        basic(id, &secret.into(), placement).unwrap().to_str().unwrap().to_owned()
    }

    /// The example of RFC 6749 §2.3.1, in which nothing needs encoding.
    #[test]
    fn the_example_of_the_specification_in_both_forms() {
        for placement in [SecretPlacement::Basic, SecretPlacement::AllowRawBasic] {
            let header = header("s6BhdRkqt3", "7Fjfp0ZBr1KtDRbnfVdmIw", placement);
            assert_eq!(header, "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3");
        }
    }

    #[test]
    fn the_two_forms_differ_in_reserved_characters() {
        let encoded = header("a:b", "p%/ü", SecretPlacement::Basic);
        assert_eq!(encoded, format!("Basic {}", BASE64_STANDARD.encode("a%3Ab:p%25%2F%C3%BC")));
        let raw = header("ab", "p%/ü", SecretPlacement::AllowRawBasic);
        assert_eq!(raw, format!("Basic {}", BASE64_STANDARD.encode("ab:p%/ü")));
        basic("a:b", &"x".into(), SecretPlacement::AllowRawBasic).unwrap_err();
    }

    #[test]
    fn a_header_with_the_secret_is_marked_sensitive() {
        assert!(basic("a", &"b".into(), SecretPlacement::Basic).unwrap().is_sensitive());
    }
}
