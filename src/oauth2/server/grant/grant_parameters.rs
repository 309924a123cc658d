//! The parameters of a token request, by grant type: RFC 6749 §4, RFC 8628 §3.4, RFC 8693 §2.1.

use crate::Secret;
use crate::core::token_hash::TokenHash;
use crate::oauth2::common::names::{
    ACCESS_TOKEN_TYPE, AUTHORIZATION_CODE, CLIENT_CREDENTIALS, DEVICE_CODE, PASSWORD,
    REFRESH_TOKEN, REFRESH_TOKEN_TYPE, TOKEN_EXCHANGE,
};
use crate::oauth2::server::configure::grant_type::GrantType;
use crate::oauth2::server::flow::parameters::Parameters;
use crate::oauth2::server::refuse::reason::RejectReason;
use crate::oauth2::server::store::decide_grant::{ActorToken, Exchange};
use crate::oauth2::server::store::find::Find;
use crate::oauth2::server::store::records::token_record::TokenKind;

/// The parameters of a token request that its grant type needs.
pub(crate) enum GrantParameters {
    Code { key: TokenHash, redirect_uri: Option<String>, verifier: Option<Secret> },
    Refresh { key: TokenHash, token: Secret },
    Device(TokenHash),
    Client,
    Password { username: String, password: Secret },
    Exchange(ExchangeParameters),
    Extension(Vec<(String, Secret)>),
}

impl GrantParameters {
    pub(crate) fn read(
        grant_type: &GrantType,
        parameters: &Parameters<'_>,
    ) -> Result<Self, RejectReason> {
        let owned = |name| parameters.get(name).map(str::to_owned);
        Ok(match grant_type.name.as_str() {
            AUTHORIZATION_CODE => Self::Code {
                key: TokenHash::of(parameters.need("code")?),
                redirect_uri: owned("redirect_uri"),
                verifier: parameters.get("code_verifier").map(Secret::new),
            },
            REFRESH_TOKEN => {
                let token = parameters.need("refresh_token")?;
                Self::Refresh { key: TokenHash::of(token), token: Secret::new(token) }
            }
            DEVICE_CODE => Self::Device(TokenHash::of(parameters.need("device_code")?)),
            CLIENT_CREDENTIALS => Self::Client,
            PASSWORD => Self::Password {
                username: parameters.need("username")?.to_owned(),
                password: Secret::new(parameters.need("password")?),
            },
            TOKEN_EXCHANGE => Self::Exchange(ExchangeParameters::read(parameters)?),
            _ => Self::Extension(own_parameters(parameters)),
        })
    }

    /// Returns the query for the records that the parameters name.
    pub(crate) fn records(&self) -> Find {
        match self {
            Self::Code { key, .. } | Self::Device(key) => Find::one_time_record(*key),
            Self::Refresh { key, .. } => Find::token(*key),
            Self::Exchange(exchanged) => {
                exchanged.subject.map_or_else(Find::default, |(key, _)| Find::token(key))
            }
            Self::Client | Self::Password { .. } | Self::Extension(_) => Find::default(),
        }
    }
}

/// The parameters of client authentication, which extension grants do not get.
const AUTHENTICATION: [&str; 4] =
    ["client_id", "client_secret", "client_assertion", "client_assertion_type"];

/// The parameters of a token exchange (RFC 8693 §2.1). They are in a box, since the other grant
/// types have far fewer.
pub(crate) struct ExchangeParameters {
    pub(crate) exchange: Box<Exchange>,
    /// The key and the kind of the subject token, if it can be one of this server's tokens.
    pub(crate) subject: Option<(TokenHash, TokenKind)>,
}

impl ExchangeParameters {
    pub(crate) fn read(parameters: &Parameters<'_>) -> Result<Self, RejectReason> {
        let actor = match (parameters.get("actor_token"), parameters.get("actor_token_type")) {
            (None, None) => None,
            (Some(token), Some(kind)) => {
                Some(ActorToken { token: Secret::new(token), token_type: kind.to_owned() })
            }
            (Some(_), None) => return Err(RejectReason::ParameterMissing("actor_token_type")),
            (None, Some(_)) => {
                return Err(RejectReason::ParameterInvalid {
                    name: "actor_token_type",
                    why: "the parameter actor_token is missing (RFC 8693 section 2.1)",
                });
            }
        };
        let requested = parameters.get("requested_token_type");
        if requested.is_some_and(|kind| kind != ACCESS_TOKEN_TYPE) {
            let why = "expected urn:ietf:params:oauth:token-type:access_token";
            return Err(RejectReason::ParameterInvalid { name: "requested_token_type", why });
        }
        let subject_token = parameters.need("subject_token")?;
        let subject_token_type = parameters.need("subject_token_type")?;
        let kind = match subject_token_type {
            ACCESS_TOKEN_TYPE => Some(TokenKind::Access),
            REFRESH_TOKEN_TYPE => Some(TokenKind::Refresh),
            _ => None,
        };
        let exchange = Exchange {
            subject_token: Secret::new(subject_token),
            subject_token_type: subject_token_type.to_owned(),
            subject: None,
            actor_token: actor,
            audience: parameters.all("audience").map(str::to_owned).collect(),
            requested_token_type: requested.map(str::to_owned),
        };
        let subject = kind.map(|kind| (TokenHash::of(subject_token), kind));
        Ok(Self { exchange: Box::new(exchange), subject })
    }
}

/// Returns the parameters for an extension grant.
pub(crate) fn own_parameters(parameters: &Parameters<'_>) -> Vec<(String, Secret)> {
    let own = parameters.iter().filter(|(name, _)| !AUTHENTICATION.contains(name));
    own.map(|(name, value)| (name.to_owned(), Secret::new(value))).collect()
}
