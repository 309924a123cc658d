//! A step that asks another service on the way to a request: its errors and events are not those of
//! the conversation.

use super::event::Observer;
use super::step::Receive;
use crate::{
    BoxError, DriveError, Error, Expired, Forged, Misbehaved, Moment, Purpose, Refused, Response,
    Sent, Step, Unsupported,
};

impl<T: 'static> Step<T> {
    /// Returns a leg that goes on with `next` when this one, which a function of the caller made,
    /// is done. Errors of this one become [`Refused::KeyService`], since another service's refusal
    /// says nothing about the grant or the token. Observers of this leg still get its events,
    /// except those of requests that could not be sent.
    ///
    /// # Errors
    /// Those of `next`, when this leg is done already, and that of `waits`, when it waits: drivers
    /// of renewals cannot sleep.
    pub(crate) fn asked_first<U: 'static>(
        self,
        waits: fn() -> Error,
        next: impl FnOnce(T) -> Result<Step<U>, Error> + Send + Sync + 'static,
    ) -> Result<Step<U>, Error> {
        match self {
            Self::Send(request, before) => {
                let (uri, _) = before.place();
                Ok(Step::send_to(
                    uri,
                    request,
                    Asking { before, waits, next },
                    &Observer::default(),
                ))
            }
            Self::Wait(..) => Err(waits()),
            Self::Done(value) => next(value),
        }
    }
}

/// Waits for the service that is asked first.
struct Asking<T, N> {
    before: Sent<T>,
    waits: fn() -> Error,
    next: N,
}

impl<T, U, N> Receive<U> for Asking<T, N>
where
    T: 'static,
    U: 'static,
    N: FnOnce(T) -> Result<Step<U>, Error> + Send + Sync + 'static,
{
    fn receive(self: Box<Self>, response: Response, moment: Moment) -> Result<Step<U>, Error> {
        let Self { before, waits, next } = *self;
        before.receive_within(response, moment).map_err(in_key_service)?.asked_first(waits, next)
    }

    fn purpose(&self) -> Purpose {
        self.before.purpose()
    }
}

fn in_key_service(error: Error) -> Error {
    Refused::KeyService(Box::new(error)).into()
}

/// Returns the error for a step that a function of the caller's could not make: the crate's own
/// error in it, or else the one that is made of its text.
pub(crate) fn not_asked(error: BoxError, other: impl FnOnce(String) -> Error) -> Error {
    match own_error(error) {
        Ok(error) => in_key_service(error),
        Err(error) => other(error.to_string()),
    }
}

/// Returns the crate's own error that a caller's function passed on, or what else it returned.
pub(crate) fn own_error(error: BoxError) -> Result<Error, BoxError> {
    fn of<E: Into<Error> + std::error::Error + 'static>(
        error: BoxError,
    ) -> Result<Error, BoxError> {
        error.downcast::<E>().map(|error| (*error).into())
    }
    let error =
        of::<Error>(error).or_else(of::<Refused>).or_else(of::<Misbehaved>).or_else(of::<Forged>);
    let error = error.or_else(of::<Unsupported>).or_else(of::<Expired>);
    #[cfg(feature = "oauth1")]
    let error = {
        use super::error::oauth1::{CallbackError, RequestError};
        error.or_else(of::<RequestError>).or_else(of::<CallbackError>)
    };
    #[cfg(feature = "client")]
    let error = {
        use super::error::oauth2::{CallbackError, RequestError};
        error.or_else(of::<RequestError>).or_else(of::<CallbackError>)
    };
    error.or_else(|error| match error.downcast::<DriveError>() {
        Ok(drive) => drive.protocol().cloned().ok_or_else(|| drive.into()),
        Err(error) => Err(error),
    })
}
