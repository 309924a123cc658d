//! A step of the caller with one request and its response: [`Step::exchange`].

use super::api::check_success;
use super::asking::own_error;
use super::step::Receive;
use super::wiped::Wiped;
use crate::wire::{MAX_BODY, printable_text};
use crate::{
    BoxError, Error, Misbehaved, Moment, Purpose, Refused, Request, Response, ResponseExcerpt, Step,
};

impl<T: 'static> Step<T> {
    /// Returns a step that sends a request of the caller and reads the response, for example to a
    /// key service. `read` is called for responses with a 2xx status and a body of at most 64 KiB.
    /// [`then`](Self::then) adds another request.
    ///
    /// # Errors
    /// The step fails with [`Misbehaved::Redirect`] for a redirect, [`Refused::Status`] for another
    /// status, [`Misbehaved::TooLarge`] for a larger body, and [`Misbehaved::Unusable`] if `read`
    /// fails. [`Refused::Status`] has no error code, even if the body has one.
    /// [`Misbehaved::Unusable`] is [temporary](Error::is_temporary). It has the text of `read`'s
    /// error, with possible secrets masked. If `read` returns an [`Error`] of this crate, the step
    /// fails with that error.
    ///
    /// # Security
    /// This crate does not check the URL of the request. Use https, except on this machine.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::{BoxError, Purpose, Step};
    ///
    /// /// Asks a key service for the signature of a message.
    /// fn signature(message: Vec<u8>) -> Result<Step<Vec<u8>>, BoxError> {
    ///     let request = http::Request::post("https://keys.example.com/sign").body(message)?;
    ///     Ok(Step::exchange(request, Purpose::CallingKeyService, |response| {
    ///         Ok(response.body().clone())
    ///     }))
    /// }
    /// ```
    pub fn exchange(
        request: Request,
        purpose: Purpose,
        read: impl FnOnce(&Response) -> Result<T, BoxError> + Send + Sync + 'static,
    ) -> Self {
        Self::send(request, AwaitExchange { purpose, read })
    }
}

/// Waits for the response to a custom request.
struct AwaitExchange<R> {
    purpose: Purpose,
    read: R,
}

impl<T, R> Receive<T> for AwaitExchange<R>
where
    R: FnOnce(&Response) -> Result<T, BoxError> + Send + Sync,
{
    fn receive(self: Box<Self>, response: Response, _: Moment) -> Result<Step<T>, Error> {
        let response = Wiped(response);
        let excerpt = |response: &Response| Box::new(ResponseExcerpt::of(response));
        check_success(&response, MAX_BODY, |response| Refused::Status(excerpt(response)))?;
        (self.read)(&response).map(Step::Done).map_err(|error| {
            own_error(error).unwrap_or_else(|error| {
                // A parser's error can quote the text that was parsed.
                let reason = printable_text(&error.to_string());
                Misbehaved::Unusable { reason, response: excerpt(&response) }.into()
            })
        })
    }

    fn purpose(&self) -> Purpose {
        self.purpose
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    fn answered(status: u16, body: &[u8]) -> Result<Step<usize>, Error> {
        let request = Request::new(Vec::new());
        let step = Step::exchange(request, Purpose::CallingKeyService, |response| {
            Ok(str::from_utf8(response.body())?.parse()?)
        });
        let Step::Send(_, sent) = step else { panic!("expected a request") };
        let response = http::Response::builder().status(status).body(body.to_vec()).unwrap();
        sent.receive(response, Moment::new(Timestamp::from_secs(1), [7; 32]))
    }

    #[test]
    fn the_reader_gets_only_successful_responses() {
        assert!(matches!(answered(200, b"12"), Ok(Step::Done(12))));
        assert!(matches!(answered(500, b"12"), Err(Error::Refused(Refused::Status(_)))));
        assert!(matches!(
            answered(302, b"12"),
            Err(Error::Misbehaved(Misbehaved::Redirect { .. }))
        ));
        assert!(matches!(
            answered(200, &[b'1'; MAX_BODY + 1]),
            Err(Error::Misbehaved(Misbehaved::TooLarge { .. }))
        ));
    }

    #[test]
    fn an_outage_of_the_service_is_temporary_and_names_it() {
        let error = answered(503, b"").unwrap_err();
        assert!(error.is_temporary());
        assert_eq!(error.leg().unwrap().purpose, Purpose::CallingKeyService);
    }

    #[test]
    fn an_error_of_this_crate_from_the_reader_is_kept_and_other_texts_are_masked() {
        let read = |read: fn(&Response) -> Result<(), BoxError>| {
            let Step::Send(_, sent) =
                Step::exchange(Request::new(Vec::new()), Purpose::CallingKeyService, read)
            else {
                panic!("expected a request")
            };
            let response = Response::new(b"\"eyJhbGciOiJIUzI1NiJ9c2VjcmV0\"".to_vec());
            sent.receive(response, Moment::new(Timestamp::from_secs(1), [7; 32]))
                .map(drop)
                .unwrap_err()
        };
        let no_token = Error::from(crate::Unsupported::NoToken);
        assert_eq!(read(|_| Err(crate::Unsupported::NoToken.into())), no_token);
        assert_eq!(read(|_| Err(Error::from(crate::Unsupported::NoToken).into())), no_token);
        assert_eq!(
            read(|_| Err(crate::DriveError::from(Error::from(crate::Unsupported::NoToken)).into())),
            no_token
        );
        let quoted = read(|response| Ok(serde_json::from_slice(response.body())?));
        assert!(!quoted.to_string().contains("eyJhbGci"), "{quoted}");
        assert!(quoted.to_string().contains("invalid type"), "{quoted}");
    }

    #[test]
    fn the_error_has_the_text_of_the_reader() {
        let error = answered(200, b"twelve").unwrap_err();
        assert!(error.to_string().contains("invalid digit"), "{error}");
        assert!(error.is_temporary(), "another page may have answered in the service's place");
    }
}
