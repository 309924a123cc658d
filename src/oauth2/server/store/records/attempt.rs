//! The kinds of attempts, and their counts.

use crate::Timestamp;

/// The kind of an attempt.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::server::store::AttemptPurpose;
///
/// assert_eq!(AttemptPurpose::UserCode.as_str(), "user_code");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum AttemptPurpose {
    /// A user code that a user enters (RFC 8628 §5.1).
    UserCode,
    /// A wrong secret or other proof of a client (RFC 6749 §2.3.1).
    ClientSecret,
    /// A wrong password of a user (RFC 6749 §4.3.2).
    Password,
    /// A registration of a client (RFC 7591 §5).
    Registration,
    /// The introspection of an unknown token (RFC 7662 §4).
    Introspection,
}

impl AttemptPurpose {
    /// Returns the name for a column or a key of a store. The name never changes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserCode => "user_code",
            Self::ClientSecret => "client_secret",
            Self::Password => "password",
            Self::Registration => "registration",
            Self::Introspection => "introspection",
        }
    }
}

/// A count of attempts in a window of time.
///
/// # Examples
/// ```
/// use oauth_proto::Timestamp;
/// use oauth_proto::oauth2::server::store::Attempts;
///
/// let attempts = Attempts::new(3, Timestamp::from_secs(1_700_000_600));
/// assert_eq!(attempts.count, 3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempts {
    /// The number of attempts in the window.
    pub count: u32,
    /// The end of the window.
    pub ends_at: Timestamp,
}

impl Attempts {
    /// Makes a count.
    pub const fn new(count: u32, ends_at: Timestamp) -> Self {
        Self { count, ends_at }
    }
}
