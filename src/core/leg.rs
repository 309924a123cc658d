//! The name of a leg in errors, logs and counters: the purpose and the endpoint of a request.

use std::fmt;

use http::Uri;

use crate::wire::without_query;

/// One request of a conversation: its purpose and its endpoint.
///
/// `Display` shows both, for example `renewing the token at https://auth.example.com/token`.
///
/// # Examples
/// ```
/// use oauth_proto::{Error, Leg, Purpose};
///
/// fn was_renewal(error: &Error) -> bool {
///     error.leg().is_some_and(|leg| leg.purpose == Purpose::RenewingToken)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leg {
    /// The purpose of the request.
    pub purpose: Purpose,
    /// The URL of the request: scheme, host, port and path. User information and query are missing,
    /// since they can have secrets in them.
    pub endpoint: String,
}

impl Leg {
    pub(crate) fn new(purpose: Purpose, uri: &Uri) -> Self {
        Self { purpose, endpoint: without_query(uri) }
    }
}

impl Purpose {
    /// Returns whether the request asks for an OAuth 2.0 token. The refusals of such requests have
    /// the codes of RFC 6749 §5.2.
    pub(crate) fn asks_for_token(self) -> bool {
        matches!(
            self,
            Self::PollingForToken
                | Self::ExchangingCode
                | Self::RequestingToken
                | Self::RenewingToken
        )
    }
}

impl fmt::Display for Leg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.purpose, self.endpoint)
    }
}

/// Makes the enum, the list of its variants and their texts from one table.
macro_rules! purposes {
    ($($(#[$doc:meta])* $name:ident: $text:literal,)*) => {
        /// The purpose of a request.
        ///
        /// # Examples
        /// ```
        /// use oauth_proto::Purpose;
        ///
        /// assert_eq!(Purpose::RenewingToken.to_string(), "renewing the token");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Purpose {
            $($(#[$doc])* $name,)*
        }

        impl Purpose {
            /// All purposes, for example to register a counter for each of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];
        }

        impl fmt::Display for Purpose {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$name => $text,)*
                })
            }
        }
    };
}

purposes! {
    /// Reading the metadata of an authorization server (RFC 8414).
    DiscoveringServer: "discovering the authorization server",
    /// Reading the metadata of a protected resource (RFC 9728).
    DiscoveringResource: "discovering the protected resource",
    /// Registering a client (RFC 7591).
    RegisteringClient: "registering the client",
    /// Reading, changing or deleting a client's registration (RFC 7592).
    ManagingRegistration: "managing the client's registration",
    /// Pushing an authorization request (RFC 9126).
    PushingAuthorization: "pushing the authorization request",
    /// Asking for a device code and a user code (RFC 8628 §3.1).
    RequestingDeviceCode: "requesting a device code",
    /// Polling the token endpoint until the user has decided about a device (RFC 8628 §3.4).
    PollingForToken: "polling for the device's token",
    /// Exchanging an authorization code for a token (RFC 6749 §4.1.3).
    ExchangingCode: "exchanging the code",
    /// Requesting a token by any other grant (RFC 6749 §4).
    RequestingToken: "requesting a token",
    /// Renewing a token by its refresh token (RFC 6749 §6) or by repeating its grant.
    RenewingToken: "renewing the token",
    /// Renewing token credentials by a session handle (OAuth Session 1.0 draft 1 §5).
    RenewingTokenCredentials: "renewing the token credentials",
    /// Introspecting a token (RFC 7662).
    IntrospectingToken: "introspecting a token",
    /// Revoking a token (RFC 7009).
    RevokingToken: "revoking a token",
    /// Asking for temporary credentials (RFC 5849 §2.1).
    RequestingTemporaryCredentials: "requesting temporary credentials",
    /// Exchanging temporary credentials for token credentials (RFC 5849 §2.3).
    ExchangingTemporaryCredentials: "exchanging the temporary credentials",
    /// Asking a key service for a signature or for another proof of the client's identity.
    CallingKeyService: "calling the key service",
    /// Calling an API with a token.
    CallingApi: "calling the API",
    /// Reading the profile of a user who signs in.
    ReadingProfile: "reading the user's profile",
    /// Reading the email addresses of a user who signs in.
    ReadingEmails: "reading the user's addresses",
    /// Finding the provider of an identifier (OpenID Authentication 2.0 §7.3).
    DiscoveringIdentifier: "discovering the identifier",
    /// Making an association with a provider (OpenID Authentication 2.0 §8).
    Associating: "associating with the provider",
    /// Verifying an assertion at its provider (OpenID Authentication 2.0 §11.4.2).
    VerifyingAssertion: "verifying the assertion with the provider",
    /// Discovering a relying party, to verify its `return_to` (OpenID Authentication 2.0 §9.2.1).
    DiscoveringRelyingParty: "discovering the relying party",
}
