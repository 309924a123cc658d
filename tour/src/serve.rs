//! The photo service and the client that prints photos, for use with a browser.

use std::sync::OnceLock;

use oauth_proto::Request;

use crate::oauth2_server::{FRAME, Photos};
use crate::printer::Printer;
use crate::sign_in::{PASSWORD, SignIn, USER};
use crate::{net, show};

/// Runs both servers until the process is stopped. The client listens at this port, or at a free
/// port if it is 0.
pub fn forever(port: u16) -> Result<(), oauth_proto::BoxError> {
    // Both servers need the address of the other, so the client listens before it is complete.
    let complete = std::sync::Arc::new(OnceLock::<Printer>::new());
    let handler = complete.clone();
    let client = net::Server::start_at(port, |_| {
        Ok(move |request: &Request| match handler.get() {
            Some(printer) => printer.handle(request),
            None => net::text(503, "The client is still starting. Try again in a moment."),
        })
    })?;
    let redirect_uri = format!("{}/callback", client.origin);
    let service = net::Server::start(|origin| {
        let site = Photos::new(origin, &redirect_uri).map(SignIn::new)?;
        Ok(move |request: &Request| site.handle(request))
    })?;
    let printer = Printer::new(&client.origin, &service.origin)?;
    complete.set(printer).map_err(|_| "the client was set before")?;

    show::title("A photo service and a client that prints photos wait for a browser");
    show::note(format_args!("the client:  {}/", client.origin));
    show::note(format_args!(
        "the service: {} (user \"{USER}\", password \"{PASSWORD}\")",
        service.origin
    ));
    show::note(format_args!(
        "a device:    curl -d client_id={FRAME} -d scope=albums {}/device_authorization",
        service.origin
    ));
    loop {
        std::thread::park();
    }
}
