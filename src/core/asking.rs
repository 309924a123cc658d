//! A step that asks a key service before a request. Its errors and events are kept apart from the
//! conversation's.

use super::event::Observer;
use super::step::Receive;
use crate::{BoxError, DriveError, Error, Moment, Purpose, Refused, Response, Sent, Step};

/// Returns a step that asks a service with a step of the caller, and continues with `next`. Errors
/// of the caller's step become [`Refused::KeyService`], since another service's refusal says
/// nothing about the grant or the token. Its observers still get its events, except for requests
/// that could not be sent.
///
/// # Errors
/// The error of `failed` if the caller's function returned an error of another crate. Also if it
/// returned a step that waits, since drivers of renewals cannot sleep. The errors of `next` if the
/// step is done already.
pub(crate) fn ask_first<T: 'static, U: 'static>(
    asking: Result<Step<T>, BoxError>,
    failed: impl Fn(String) -> Error + Send + Sync + 'static,
    next: impl FnOnce(T) -> Result<Step<U>, Error> + Send + Sync + 'static,
) -> Result<Step<U>, Error> {
    match asking {
        Ok(Step::Send(request, before)) => {
            let (uri, _) = before.place();
            let asking = Asking { before, failed, next };
            Ok(Step::send_to(uri, request, asking, &Observer::default()))
        }
        Ok(Step::Wait(..)) => Err(failed(
            "its step waits (`Step::Wait`): expected a step that sends a request or is \
                done"
                .to_owned(),
        )),
        Ok(Step::Done(value)) => next(value),
        Err(error) => {
            Err(own_error(error).map_or_else(|other| failed(other.to_string()), in_key_service))
        }
    }
}

/// Waits for the key service.
struct Asking<T, F, N> {
    before: Sent<T>,
    failed: F,
    next: N,
}

impl<T, U, F, N> Receive<U> for Asking<T, F, N>
where
    T: 'static,
    U: 'static,
    F: Fn(String) -> Error + Send + Sync + 'static,
    N: FnOnce(T) -> Result<Step<U>, Error> + Send + Sync + 'static,
{
    fn receive(self: Box<Self>, response: Response, moment: Moment) -> Result<Step<U>, Error> {
        let Self { before, failed, next } = *self;
        let step = before.receive_within(response, moment).map_err(in_key_service)?;
        ask_first(Ok(step), failed, next)
    }

    fn purpose(&self) -> Purpose {
        self.before.purpose()
    }
}

fn in_key_service(error: Error) -> Error {
    Refused::KeyService(Box::new(error)).into()
}

/// Returns the error of this crate that is in a boxed error from a function of the caller. If the
/// box has an error of another crate, returns the box as the error.
pub(crate) fn own_error(error: BoxError) -> Result<Error, BoxError> {
    Error::unboxed(error).or_else(|error| match error.downcast::<DriveError>() {
        Ok(drive) => drive.protocol().cloned().ok_or_else(|| drive.into()),
        Err(error) => Err(error),
    })
}
